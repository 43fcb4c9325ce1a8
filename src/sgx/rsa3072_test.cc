// SPDX-License-Identifier: Apache-2.0
#include "src/sgx/rsa3072.h"
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include "src/base/hex.h"
#include "src/sgx/vectors_for_test.h"

namespace cloister::sgx {
namespace {

using Bytes = std::vector<std::uint8_t>;

// SIGSTRUCT's form of a big-endian number: 384 bytes, little-endian. Nothing for one that is longer.
std::unique_ptr<std::array<std::uint8_t, kRsaSize>> little_endian(Bytes number) {
  while (!number.empty() && number.front() == 0) number.erase(number.begin());
  if (number.size() > kRsaSize) return nullptr;
  auto bytes = std::make_unique<std::array<std::uint8_t, kRsaSize>>();
  std::reverse_copy(number.begin(), number.end(), bytes->begin());
  return bytes;
}

bool openssl_accepts(const Bytes& key_der, const Bytes& message, const Bytes& signature) {
  const std::uint8_t* der = key_der.data();
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      d2i_PUBKEY(nullptr, &der, static_cast<long>(key_der.size())), EVP_PKEY_free);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  return key && EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1 &&
         EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(), message.size()) == 1;
}

}  // namespace

// Keys with exponent 3 are this project's arithmetic, as in SIGSTRUCT; for the others the file says that the OpenSSL it
// is built with, which makes and checks signatures elsewhere, is sound.
TEST(Wycheproof, Rsa3072Sha256) {
  constexpr char kFile[] = "crypto/wycheproof-rsa_signature_3072_sha256_test.json";
  CLOISTER_NEED_VECTORS(kFile);
  const auto document = nlohmann::json::parse(read_bytes(vectors_directory() / kFile));
  std::size_t own = 0, openssl = 0;
  for (const auto& group : document["testGroups"]) {
    const auto hex = [](const nlohmann::json& text) { return from_hex(text.get<std::string>()).value(); };
    const bool cube = group["publicKey"]["publicExponent"] == "03";
    const auto modulus = little_endian(hex(group["publicKey"]["modulus"]));
    ASSERT_TRUE(modulus);
    for (const auto& test : group["tests"]) {
      const Bytes message = hex(test["msg"]), signature = hex(test["sig"]);
      const bool accepted = openssl_accepts(hex(group["publicKeyDer"]), message, signature);
      if (test["result"] != "acceptable") {
        EXPECT_EQ(accepted, test["result"] == "valid") << test["tcId"];
      }
      ++openssl;
      if (!cube || signature.size() != kRsaSize) continue;
      const auto number = little_endian(signature);
      const bool holds = number && check_cube(*modulus, *number, padded_digest(sha256(message))).ok();
      EXPECT_EQ(holds, test["result"] == "valid") << test["tcId"];
      ++own;
    }
  }
  EXPECT_GE(openssl, 259u);
  EXPECT_GE(own, 1u);
}

}  // namespace cloister::sgx
