// SPDX-License-Identifier: Apache-2.0
#include "src/cas/secrets/pem_text.h"
#include <openssl/err.h>
#include <openssl/pem.h>
#include "src/cas/secrets/openssl.h"

namespace cloister::cas {
namespace {
struct PemFields {
  char* label = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;
  ~PemFields() {
    OPENSSL_secure_free(label);
    OPENSSL_secure_free(header);
    OPENSSL_secure_clear_free(data, static_cast<std::size_t>(size));
  }
};
bool is_end_of_input() {
  const unsigned long error = ERR_peek_last_error();
  return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}
}  // namespace

Result<std::vector<PemBlock>> read_pem(std::string_view text) {
  const BioPointer input(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  if (!input) return openssl_failed("PEM: no memory");
  clear_openssl_errors();
  std::vector<PemBlock> blocks;
  for (;;) {
    PemFields fields;
    // The flag makes OpenSSL clear its buffers.
    if (PEM_read_bio_ex(input.get(), &fields.label, &fields.header, &fields.data, &fields.size,
                        PEM_FLAG_SECURE | PEM_FLAG_EAY_COMPATIBLE) != 1)
      break;
    if (blocks.size() == kPemBlockLimit) return Error(Errc::invalid, "more than 16 PEM blocks");
    if (fields.header[0] != '\0') return Error(Errc::invalid, "a PEM block with headers, such as an encrypted key");
    blocks.push_back({fields.label, SecretBytes(fields.data, fields.data + fields.size)});
  }
  const bool complete = is_end_of_input();
  clear_openssl_errors();
  if (!complete) return Error(Errc::invalid, "a PEM block is broken");
  if (blocks.empty()) return Error(Errc::invalid, "no PEM block");
  return blocks;
}

Result<SecretBytes> write_pem(const char* label, std::span<const std::uint8_t> der) {
  const BioPointer output(BIO_new(BIO_s_secmem()));
  if (!output || PEM_write_bio(output.get(), label, "", der.data(), static_cast<long>(der.size())) <= 0)
    return openssl_failed("PEM cannot be written");
  char* text = nullptr;
  const long size = BIO_get_mem_data(output.get(), &text);
  return SecretBytes(text, text + size);
}

}  // namespace cloister::cas
