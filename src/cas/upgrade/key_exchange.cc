// SPDX-License-Identifier: Apache-2.0
#include "src/cas/upgrade/key_exchange.h"
#include "src/cas/secrets/openssl.h"
#include "src/cas/store/sealing_keys.h"

namespace cloister::cas {
namespace {

constexpr std::string_view kSalt = "cloister-cas-hand-over-v1";

// RFC 5869 with SHA-256, for an output of one block.
SecretBytes hkdf(Bytes secret, Bytes info) {
  Mac extracted = hmac({reinterpret_cast<const std::uint8_t*>(kSalt.data()), kSalt.size()}, secret);
  Mac expanded = hmac(extracted, FieldWriter<std::vector<std::uint8_t>>().fixed(info).number(std::uint8_t{1}).take());
  SecretBytes key(expanded.begin(), expanded.end());
  wipe(extracted.data(), extracted.size());
  wipe(expanded.data(), expanded.size());
  return key;
}

}  // namespace

Result<ExchangeKey> ExchangeKey::generate() {
  std::shared_ptr<EVP_PKEY> key(EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519"), EVP_PKEY_free);
  Public public_key;
  std::size_t size = public_key.size();
  if (!key || EVP_PKEY_get_raw_public_key(key.get(), public_key.data(), &size) != 1 || size != public_key.size())
    return openssl_failed("OpenSSL could not make a key");
  return ExchangeKey(std::move(key), public_key);
}

Result<SecretBytes> ExchangeKey::shared_key(const Public& peer, Bytes info) const {
  const KeyPointer other(EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, peer.data(), peer.size()));
  const KeyContext context(EVP_PKEY_CTX_new(key_.get(), nullptr));
  SecretBytes secret(32);
  std::size_t size = secret.size();
  // OpenSSL refuses the peers' keys with which everybody would know the result.
  const bool derived = other && context && EVP_PKEY_derive_init(context.get()) == 1 &&
                       EVP_PKEY_derive_set_peer(context.get(), other.get()) == 1 &&
                       EVP_PKEY_derive(context.get(), secret.data(), &size) == 1 && size == secret.size();
  clear_openssl_errors();
  if (!derived) return Error(Errc::invalid, "the other side's key is none");
  return hkdf(secret, info);
}

}  // namespace cloister::cas
