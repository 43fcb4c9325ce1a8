// SPDX-License-Identifier: Apache-2.0
#include "src/cas/secrets/keys.h"
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <cstring>
#include "src/cas/secrets/pem_text.h"

namespace cloister::cas {
namespace {

using Pkcs8Pointer = std::unique_ptr<PKCS8_PRIV_KEY_INFO, FreeWith<PKCS8_PRIV_KEY_INFO_free>>;

Result<void> check_type(const EVP_PKEY& key) {
  const int type = EVP_PKEY_get_base_id(&key);
  if (type == EVP_PKEY_ED25519) return {};
  if (type == EVP_PKEY_RSA) {
    const int bits = EVP_PKEY_get_bits(&key);
    if (bits >= 2048 && bits <= 8192) return {};
    return Error(Errc::unsupported, "an RSA key that has less than 2048 or more than 8192 bits");
  }
  char group[32] = {};
  if (type == EVP_PKEY_EC && EVP_PKEY_get_group_name(&key, group, sizeof group, nullptr) == 1)
    if (std::strcmp(group, SN_X9_62_prime256v1) == 0 || std::strcmp(group, SN_secp384r1) == 0) return {};
  return Error(Errc::unsupported, "a key of another type than P-256, P-384, Ed25519 and RSA");
}

Result<SecretBytes> only_block(std::string_view text, std::string_view label, const char* what_else) {
  auto blocks = TRY(read_pem(text));
  if (blocks.size() != 1) return Error(Errc::invalid, "more than one PEM block where one key belongs");
  if (blocks[0].label != label) return Error(Errc::invalid, what_else);
  return std::move(blocks[0].der);
}

}  // namespace

Result<KeyPointer> generate_key(session::KeyType type) {
  EVP_PKEY* key = nullptr;
  switch (type) {
    case session::KeyType::p256: key = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"); break;
    case session::KeyType::p384: key = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-384"); break;
    case session::KeyType::ed25519: key = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"); break;
    case session::KeyType::rsa2048: key = EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048}); break;
    case session::KeyType::rsa3072: key = EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{3072}); break;
  }
  if (!key) return openssl_failed("a private key cannot be generated");
  return KeyPointer(key);
}

Result<KeyPointer> private_key_from_pem(std::string_view text) {
  const SecretBytes der =
      TRY(only_block(text, "PRIVATE KEY",
                     "not a PKCS#8 private key in PEM without encryption (`openssl pkcs8 -topk8 -nocrypt` makes one)"));
  KeyPointer key = TRY(private_key_from_der(der));
  const KeyContext context(EVP_PKEY_CTX_new(key.get(), nullptr));
  const bool sound = context && EVP_PKEY_pairwise_check(context.get()) == 1;
  clear_openssl_errors();
  if (!sound) return Error(Errc::invalid, "the private key does not fit its own public part");
  return key;
}

Result<KeyPointer> private_key_from_der(std::span<const std::uint8_t> pkcs8) {
  const unsigned char* position = pkcs8.data();
  const Pkcs8Pointer info(d2i_PKCS8_PRIV_KEY_INFO(nullptr, &position, static_cast<long>(pkcs8.size())));
  const bool whole = info && position == pkcs8.data() + pkcs8.size();
  KeyPointer key(whole ? EVP_PKCS82PKEY(info.get()) : nullptr);
  clear_openssl_errors();
  if (!key) return Error(Errc::invalid, "the private key is no PKCS#8 that can be read");
  TRY(check_type(*key));
  return key;
}

Result<SecretBytes> private_key_der(const EVP_PKEY& key) {
  const Pkcs8Pointer info(EVP_PKEY2PKCS8(&key));
  unsigned char* der = nullptr;
  const int size = info ? i2d_PKCS8_PRIV_KEY_INFO(info.get(), &der) : -1;
  if (size <= 0) return openssl_failed("a private key cannot be written");
  SecretBytes bytes(der, der + size);
  OPENSSL_clear_free(der, static_cast<std::size_t>(size));
  return bytes;
}

Result<KeyPointer> public_key_from_pem(std::string_view text) {
  const SecretBytes der = TRY(only_block(text, "PUBLIC KEY", "not a SubjectPublicKeyInfo in PEM"));
  return public_key_from_der(der);
}

Result<KeyPointer> public_key_from_der(std::span<const std::uint8_t> spki) {
  const unsigned char* position = spki.data();
  KeyPointer key(d2i_PUBKEY(nullptr, &position, static_cast<long>(spki.size())));
  clear_openssl_errors();
  if (!key || position != spki.data() + spki.size())
    return Error(Errc::invalid, "the public key is no SubjectPublicKeyInfo that can be read");
  TRY(check_type(*key));
  return key;
}

Result<SecretBytes> public_key_der(const EVP_PKEY& key) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(&key, &der);
  if (size <= 0) return openssl_failed("a public key cannot be written");
  SecretBytes bytes(der, der + size);
  OPENSSL_free(der);
  return bytes;
}

bool is_same_key(const EVP_PKEY& one, const EVP_PKEY& other) {
  const bool same = EVP_PKEY_eq(&one, &other) == 1;
  clear_openssl_errors();
  return same;
}

}  // namespace cloister::cas
