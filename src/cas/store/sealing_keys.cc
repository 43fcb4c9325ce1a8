// SPDX-License-Identifier: Apache-2.0
#include "src/cas/store/sealing_keys.h"
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <algorithm>
#include <cstdlib>
#include "src/base/fields.h"
#include "src/base/hex.h"

namespace cloister::cas {
namespace {

constexpr char kSalt[] = "cloister-cas-store-v1";

Result<SecretBytes> derived(const SecretBytes& root, const char* purpose, std::size_t size) {
  const std::unique_ptr<EVP_KDF, decltype(&EVP_KDF_free)> kdf(EVP_KDF_fetch(nullptr, "HKDF", nullptr), EVP_KDF_free);
  const std::unique_ptr<EVP_KDF_CTX, decltype(&EVP_KDF_CTX_free)> context(kdf ? EVP_KDF_CTX_new(kdf.get()) : nullptr,
                                                                          EVP_KDF_CTX_free);
  char digest[] = "SHA256";
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, const_cast<std::uint8_t*>(root.data()), root.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, const_cast<char*>(kSalt), sizeof kSalt - 1),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, const_cast<char*>(purpose), std::strlen(purpose)),
      OSSL_PARAM_construct_end()};
  SecretBytes key(size);
  if (!context || EVP_KDF_derive(context.get(), key.data(), key.size(), parameters) <= 0) {
    ERR_clear_error();
    return Error(Errc::io, "OpenSSL could not derive the store's keys");
  }
  return key;
}

}  // namespace

std::string version_text(const SecurityVersion& version) {
  return "CPUSVN " + to_hex(version.cpusvn) + ", ISVSVN " + std::to_string(version.isvsvn);
}

Result<StoreKeys> StoreKeys::derive(const SealingKeySource& source, const SecurityVersion& version) {
  const SecretBytes root = TRY(source.sealing_key(version));
  StoreKeys keys;
  keys.records = TRY(derived(root, "records", 32));
  keys.audit = TRY(derived(root, "audit entries", 32));
  keys.root = TRY(derived(root, "root", 32));
  keys.names = TRY(derived(root, "record names", 32));
  keys.elements = TRY(derived(root, "set elements", 32));
  keys.states = TRY(derived(root, "states", 32));
  const SecretBytes id = TRY(derived(root, "key id", keys.id.size()));
  std::copy(id.begin(), id.end(), keys.id.begin());
  keys.version = version;
  return keys;
}

namespace {
constexpr std::size_t kStoreKeySize = 32;
constexpr SecretBytes StoreKeys::*kStoreKeys[] = {&StoreKeys::records, &StoreKeys::audit,    &StoreKeys::root,
                                                  &StoreKeys::names,   &StoreKeys::elements, &StoreKeys::states};
}  // namespace

SecretBytes encode(const StoreKeys& keys) {
  FieldWriter<SecretBytes> writer;
  for (const auto key : kStoreKeys) writer.fixed(keys.*key);
  return writer.fixed(keys.id).fixed(keys.version.cpusvn).number(keys.version.isvsvn).take();
}

Result<StoreKeys> decode_store_keys(std::span<const std::uint8_t> bytes) {
  constexpr char kMalformed[] = "the store's keys have a wrong size";
  StoreKeys keys;
  if (bytes.size() < std::size(kStoreKeys) * kStoreKeySize) return Error(Errc::invalid, kMalformed);
  for (const auto key : kStoreKeys) {
    (keys.*key).assign(bytes.begin(), bytes.begin() + kStoreKeySize);
    bytes = bytes.subspan(kStoreKeySize);
  }
  FieldReader reader(bytes);
  keys.id = TRY(reader.fixed<std::tuple_size_v<KeyId>>(kMalformed));
  keys.version.cpusvn = TRY(reader.fixed<16>(kMalformed));
  keys.version.isvsvn = TRY(reader.number<std::uint16_t>(kMalformed));
  TRY(reader.end(kMalformed));
  return keys;
}

Mac hmac(std::span<const std::uint8_t> key, std::span<const std::uint8_t> bytes) {
  Mac mac;
  unsigned size = 0;
  // No answer at all is worse than none: a MAC that was not computed must not pass for one.
  if (!HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes.data(), bytes.size(), mac.data(), &size) ||
      size != mac.size())
    std::abort();
  return mac;
}

}  // namespace cloister::cas
