// SPDX-License-Identifier: Apache-2.0
#include "src/cas/upgrade/confirmation.h"
#include "src/base/secret.h"

namespace cloister::cas {
namespace {

constexpr std::string_view kLabel("cloister-cas-confirmation-v1\0", 29);

using Writer = FieldWriter<std::vector<std::uint8_t>>;

std::vector<std::uint8_t> statement_of(const sgx::Digest& cas_key_hash) {
  return Writer()
      .fixed({reinterpret_cast<const std::uint8_t*>(kLabel.data()), kLabel.size()})
      .fixed(cas_key_hash)
      .take();
}

}  // namespace

std::vector<std::uint8_t> encode(const SignedConfirmation& confirmation) {
  Writer writer;
  writer.fixed(statement_of(confirmation.cas_key_hash));
  write(writer, confirmation);
  return writer.take();
}

Result<SignedConfirmation> decode_confirmation(Bytes bytes) {
  constexpr char kMalformed[] = "the confirmation is malformed";
  FieldReader reader(bytes);
  SignedConfirmation confirmation;
  const auto label = TRY(reader.fixed<kLabel.size()>(kMalformed));
  if (text_of(label) != kLabel) return Error(Errc::invalid, "this is no confirmation of a CAS's key");
  confirmation.cas_key_hash = TRY(reader.fixed<32>(kMalformed));
  static_cast<OwnerSignature&>(confirmation) = TRY(read_owner_signature(reader, kMalformed));
  TRY(reader.end(kMalformed));
  return confirmation;
}

Result<SignedConfirmation> confirm(const sgx::Digest& cas_key_hash, evp_pkey_st& owner_key) {
  SignedConfirmation confirmation;
  confirmation.cas_key_hash = cas_key_hash;
  static_cast<OwnerSignature&>(confirmation) = TRY(sign_as_owner(owner_key, statement_of(cas_key_hash)));
  return confirmation;
}

Result<void> verify(const SignedConfirmation& confirmation, const sgx::Digest& cas_key_hash,
                    const sgx::Digest& owner_key_hash) {
  if (confirmation.cas_key_hash != cas_key_hash)
    return Error(Errc::mismatch, "the confirmation is of another CAS's key");
  return verify(
      confirmation, owner_key_hash, statement_of(cas_key_hash),
      {"the confirmation is signed by somebody else than the owner", "the confirmation's signature does not hold"});
}

}  // namespace cloister::cas
