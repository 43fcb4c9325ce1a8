// SPDX-License-Identifier: Apache-2.0
#include "src/sgx/signing_key.h"
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <algorithm>
#include "src/sgx/rsa3072.h"

namespace cloister::sgx {
namespace {

constexpr int kKeyBits = 3072;

template <auto kFunction>
struct FreeWith {
  template <typename T>
  void operator()(T* object) const {
    kFunction(object);
  }
};
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, FreeWith<EVP_PKEY_CTX_free>>;
using Bio = std::unique_ptr<BIO, FreeWith<BIO_free_all>>;
using Number = std::unique_ptr<BIGNUM, FreeWith<BN_free>>;

Number parameter(const EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  EVP_PKEY_get_bn_param(key, name, &number);
  return Number(number);
}

// OpenSSL would ask on the terminal for the passphrase of an encrypted key.
int no_passphrase(char*, int, int, void*) { return -1; }

}  // namespace

Result<SigningKey> SigningKey::adopt(evp_pkey_st* raw) {
  std::shared_ptr<EVP_PKEY> key(raw, EVP_PKEY_free);
  const Number modulus = parameter(raw, OSSL_PKEY_PARAM_RSA_N);
  const Number exponent = parameter(raw, OSSL_PKEY_PARAM_RSA_E);
  if (!modulus || !exponent || BN_num_bits(modulus.get()) != kKeyBits ||
      !BN_is_word(exponent.get(), kSigstructExponent)) {
    return Error(Errc::unsupported, "SGX wants an RSA key of 3072 bits with public exponent 3");
  }
  RsaNumber bytes;
  if (BN_bn2lebinpad(modulus.get(), bytes.data(), static_cast<int>(bytes.size())) < 0) {
    return Error(Errc::invalid, "the modulus is too large");
  }
  return SigningKey(std::move(key), bytes);
}

Result<SigningKey> SigningKey::generate() {
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  const Number exponent(BN_new());
  EVP_PKEY* key = nullptr;
  if (!context || !exponent || !BN_set_word(exponent.get(), kSigstructExponent) ||
      EVP_PKEY_keygen_init(context.get()) <= 0 || EVP_PKEY_CTX_set_rsa_keygen_bits(context.get(), kKeyBits) <= 0 ||
      EVP_PKEY_CTX_set1_rsa_keygen_pubexp(context.get(), exponent.get()) <= 0 ||
      EVP_PKEY_generate(context.get(), &key) <= 0) {
    return Error(Errc::io, "no RSA key could be generated");
  }
  return adopt(key);
}

Result<SigningKey> SigningKey::from_pem(std::string_view pem) {
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(std::min<std::size_t>(pem.size(), 1 << 20))));
  if (!bio) return Error::from_errno(12, "no memory for a key");
  EVP_PKEY* key = PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr);
  if (!key) return Error(Errc::invalid, "no unencrypted private key in PEM");
  return adopt(key);
}

Result<std::string> SigningKey::to_pem() const {
  const Bio bio(BIO_new(BIO_s_secmem()));
  if (!bio || !PEM_write_bio_PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr)) {
    return Error(Errc::io, "the key could not be written as PEM");
  }
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return std::string(text, static_cast<std::size_t>(size));
}

Result<void> SigningKey::sign(Sigstruct& sigstruct) const {
  const Digest digest = sha256(signed_bytes(sigstruct));
  const KeyContext context(EVP_PKEY_CTX_new(key_.get(), nullptr));
  RsaNumber signature;
  std::size_t size = signature.size();
  if (!context || EVP_PKEY_sign_init(context.get()) <= 0 ||
      EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) <= 0 ||
      EVP_PKEY_CTX_set_signature_md(context.get(), EVP_sha256()) <= 0 ||
      EVP_PKEY_sign(context.get(), signature.data(), &size, digest.data(), digest.size()) <= 0 ||
      size != signature.size()) {
    return Error(Errc::io, "OpenSSL did not sign");
  }
  std::reverse(signature.begin(), signature.end());
  TRY(set_signature(sigstruct, modulus_, signature));
  return verify(sigstruct);
}

Result<std::string> generate_signing_key() { return TRY(SigningKey::generate()).to_pem(); }

}  // namespace cloister::sgx
