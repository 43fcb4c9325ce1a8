// SPDX-License-Identifier: Apache-2.0
#include "src/cas/store/sealing_keys.h"
#include <fcntl.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstdlib>

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

Result<SecretBytes> DeviceSealingKey::sealing_key() const {
  const int descriptor = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0)
    return Error(Errc::io, "there is no sealing key: /dev/attestation exists in enclaves alone, start CAS by cloister");
  SecretBytes key(kSize + 1);
  std::size_t have = 0;
  ssize_t size = 0;
  while (have < key.size() && (size = read(descriptor, key.data() + have, key.size() - have)) != 0) {
    if (size < 0 && errno != EINTR) break;
    if (size > 0) have += static_cast<std::size_t>(size);
  }
  close(descriptor);
  if (size < 0) return Error(Errc::io, "the sealing key cannot be read");
  if (have != kSize) return Error(Errc::invalid, "the sealing key does not have 16 bytes");
  key.resize(kSize);
  return key;
}

Result<StoreKeys> StoreKeys::derive(const SealingKeySource& source) {
  const SecretBytes root = TRY(source.sealing_key());
  StoreKeys keys;
  keys.records = TRY(derived(root, "records", 32));
  keys.audit = TRY(derived(root, "audit entries", 32));
  keys.root = TRY(derived(root, "root", 32));
  keys.names = TRY(derived(root, "record names", 32));
  keys.elements = TRY(derived(root, "set elements", 32));
  keys.states = TRY(derived(root, "states", 32));
  const SecretBytes id = TRY(derived(root, "key id", keys.id.size()));
  std::copy(id.begin(), id.end(), keys.id.begin());
  return keys;
}

namespace {
constexpr std::size_t kStoreKeySize = 32;
constexpr SecretBytes StoreKeys::*kStoreKeys[] = {&StoreKeys::records, &StoreKeys::audit,    &StoreKeys::root,
                                                  &StoreKeys::names,   &StoreKeys::elements, &StoreKeys::states};
}  // namespace

SecretBytes encode(const StoreKeys& keys) {
  SecretBytes bytes;
  bytes.reserve(std::size(kStoreKeys) * kStoreKeySize + keys.id.size());
  for (const auto key : kStoreKeys) bytes.insert(bytes.end(), (keys.*key).begin(), (keys.*key).end());
  bytes.insert(bytes.end(), keys.id.begin(), keys.id.end());
  return bytes;
}

Result<StoreKeys> decode_store_keys(std::span<const std::uint8_t> bytes) {
  StoreKeys keys;
  if (bytes.size() != std::size(kStoreKeys) * kStoreKeySize + keys.id.size())
    return Error(Errc::invalid, "the store's keys have a wrong size");
  for (const auto key : kStoreKeys) {
    (keys.*key).assign(bytes.begin(), bytes.begin() + kStoreKeySize);
    bytes = bytes.subspan(kStoreKeySize);
  }
  std::copy(bytes.begin(), bytes.end(), keys.id.begin());
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
