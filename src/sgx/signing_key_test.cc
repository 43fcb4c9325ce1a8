// SPDX-License-Identifier: Apache-2.0
#include "src/sgx/signing_key.h"
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

namespace cloister::sgx {
namespace {

// Takes the key; `cipher` may be null.
std::string pem_of(EVP_PKEY* key, const EVP_CIPHER* cipher = nullptr) {
  BIO* const bio = BIO_new(BIO_s_mem());
  unsigned char passphrase[] = "passphrase";
  EXPECT_EQ(PEM_write_bio_PrivateKey(bio, key, cipher, passphrase, cipher ? 10 : 0, nullptr, nullptr), 1);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio, &text);
  const std::string pem(text, static_cast<std::size_t>(size));
  BIO_free(bio);
  EVP_PKEY_free(key);
  return pem;
}

Errc refusal(const std::string& pem) {
  const auto key = SigningKey::from_pem(pem);
  return key.ok() ? Errc{} : key.error().code();
}

}  // namespace

TEST(SigningKey, SurvivesPem) {
  const SigningKey key = SigningKey::generate().take();
  const std::string pem = key.to_pem().take();
  EXPECT_EQ(pem.rfind("-----BEGIN PRIVATE KEY-----", 0), 0u);
  const SigningKey again = SigningKey::from_pem(pem).take();
  EXPECT_EQ(again.mrsigner(), key.mrsigner());
  // PKCS #1 v1.5 is deterministic.
  Sigstruct one = blank_sigstruct(), two = blank_sigstruct();
  ASSERT_TRUE(key.sign(one).ok());
  ASSERT_TRUE(again.sign(two).ok());
  EXPECT_TRUE(std::equal(std::begin(one.signature), std::end(one.signature), two.signature));
}

TEST(SigningKey, GeneratedKeysDiffer) {
  const std::string pem = generate_signing_key().take();
  EXPECT_TRUE(SigningKey::from_pem(pem).ok());
  EXPECT_NE(pem, generate_signing_key().take());
}

TEST(SigningKey, RefusesOtherKeys) {
  EXPECT_EQ(refusal(""), Errc::invalid);
  EXPECT_EQ(refusal("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), Errc::invalid);
  EXPECT_EQ(refusal(pem_of(EVP_EC_gen("P-256"))), Errc::unsupported);
  EXPECT_EQ(refusal(pem_of(EVP_RSA_gen(2048))), Errc::unsupported);
  EXPECT_EQ(refusal(pem_of(EVP_RSA_gen(3072))), Errc::unsupported);  // exponent 65537
}

// Must not wait for a passphrase on the terminal.
TEST(SigningKey, RefusesEncryptedKeys) {
  EXPECT_EQ(refusal(pem_of(EVP_EC_gen("P-256"), EVP_aes_128_cbc())), Errc::invalid);
}

}  // namespace cloister::sgx
