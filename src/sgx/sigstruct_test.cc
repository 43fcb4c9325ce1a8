// SPDX-License-Identifier: Apache-2.0
#include "src/sgx/sigstruct.h"
#include <gtest/gtest.h>
#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include "src/base/hex.h"
#include "src/sgx/signing_key.h"
#include "src/sgx/vectors_for_test.h"

namespace cloister::sgx {
namespace {

// The public SIGSTRUCTs by name; one empty name when there are none, so that the skip is seen.
std::vector<std::string> sigstruct_files() {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(vectors_directory() / "sgxs", error)) {
    if (entry.path().extension() == ".bin") names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  if (names.empty()) names.push_back("");
  return names;
}

Sigstruct load(const std::string& name) {
  return parse_sigstruct(read_bytes(vectors_directory() / "sgxs" / name)).value();
}

Sigstruct flipped(const Sigstruct& sigstruct, std::size_t bit) {
  Sigstruct other = sigstruct;
  reinterpret_cast<std::uint8_t*>(&other)[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
  return other;
}

const SigningKey& test_key() {
  static const SigningKey key = SigningKey::generate().take();
  return key;
}

Sigstruct signed_sigstruct() {
  Sigstruct sigstruct = blank_sigstruct();
  sigstruct.date = 0x20240102;
  sigstruct.attributes = {kAttributeMode64Bit | kAttributeKss, kXfrmLegacy};
  sigstruct.enclavehash[0] = 0x42;
  EXPECT_TRUE(test_key().sign(sigstruct).ok());
  return sigstruct;
}

std::string test_name(const testing::TestParamInfo<std::string>& file) {
  std::string name = file.param.empty() ? "absent" : file.param.substr(0, file.param.find(".sigstruct"));
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return !std::isalnum(c); }, '_');
  return name;
}

class PublicSigstruct : public testing::TestWithParam<std::string> {};

}  // namespace

INSTANTIATE_TEST_SUITE_P(Files, PublicSigstruct, testing::ValuesIn(sigstruct_files()), test_name);

TEST_P(PublicSigstruct, Verifies) {
  CLOISTER_NEED_VECTORS("sgxs/fields.json");
  const auto fields = nlohmann::json::parse(read_bytes(vectors_directory() / "sgxs/fields.json")).at(GetParam());
  const Sigstruct sigstruct = load(GetParam());
  EXPECT_TRUE(verify(sigstruct).ok()) << verify(sigstruct).error().what();
  EXPECT_TRUE(check_signature(sigstruct).ok());
  EXPECT_TRUE(check_quotients(sigstruct).ok());
  EXPECT_EQ(to_hex(mrsigner(sigstruct)), fields.at("mrsigner"));
  EXPECT_EQ(to_hex(sigstruct.enclavehash), fields.at("mrenclave"));
  EXPECT_EQ(to_hex(sha256(signed_bytes(sigstruct))), fields.at("signed_digest_sha256"));
}

// All 14464 bits of every file. CLOISTER_TEST_QUICK=1 tries every 37th.
TEST_P(PublicSigstruct, EveryFlippedBitIsRefused) {
  CLOISTER_NEED_VECTORS("sgxs/fields.json");
  const Sigstruct sigstruct = load(GetParam());
  const std::size_t step = std::getenv("CLOISTER_TEST_QUICK") ? 37 : 1;
  for (std::size_t bit = 0; bit < 8 * sizeof(Sigstruct); bit += step) {
    ASSERT_FALSE(verify(flipped(sigstruct, bit)).ok()) << "byte " << bit / 8 << " bit " << bit % 8;
  }
}

TEST(Sigstruct, SignsWhatItVerifies) {
  const Sigstruct sigstruct = signed_sigstruct();
  EXPECT_TRUE(verify(sigstruct).ok());
  EXPECT_TRUE(check_signature(sigstruct).ok());
  EXPECT_TRUE(check_quotients(sigstruct).ok());
  EXPECT_EQ(mrsigner(sigstruct), test_key().mrsigner());
  for (std::size_t bit = 0; bit < 8 * sizeof(Sigstruct); bit += 7) {
    ASSERT_FALSE(verify(flipped(sigstruct, bit)).ok()) << "byte " << bit / 8 << " bit " << bit % 8;
  }
}

// A signature plus the modulus is the same number modulo it, and would be a second valid encoding.
TEST(Sigstruct, RefusesASignatureNotBelowTheModulus) {
  Sigstruct sigstruct = signed_sigstruct();
  RsaNumber modulus = test_key().modulus();
  EXPECT_FALSE(set_signature(sigstruct, modulus, modulus).ok());
  RsaNumber above;
  above.fill(0xff);
  EXPECT_FALSE(set_signature(sigstruct, modulus, above).ok());
  EXPECT_TRUE(verify(sigstruct).ok());  // a refusal changes nothing
}

TEST(Sigstruct, RefusesAShortModulus) {
  Sigstruct sigstruct = signed_sigstruct();
  RsaNumber modulus = test_key().modulus();
  modulus[kRsaSize - 1] &= 0x7f;
  EXPECT_EQ(set_signature(sigstruct, modulus, RsaNumber{}).error().code(), Errc::invalid);
}

TEST(Sigstruct, QuotientsAreCheckedApartFromTheSignature) {
  Sigstruct sigstruct = signed_sigstruct();
  sigstruct.q2[5] ^= 1;
  EXPECT_TRUE(check_signature(sigstruct).ok());
  EXPECT_FALSE(check_quotients(sigstruct).ok());
  EXPECT_FALSE(verify(sigstruct).ok());
}

// Correctly signed, but with contents that the format forbids.
TEST(Sigstruct, RefusesSignedNonsense) {
  const auto refuses = [](auto change) {
    Sigstruct sigstruct = blank_sigstruct();
    change(sigstruct);
    const auto done = test_key().sign(sigstruct);  // sign() verifies what it made
    return !done.ok() && check_signature(sigstruct).ok() && !check_format(sigstruct).ok();
  };
  EXPECT_TRUE(refuses([](Sigstruct& s) { s.header[0] = 7; }));
  EXPECT_TRUE(refuses([](Sigstruct& s) { s.header2[15] = 1; }));
  EXPECT_TRUE(refuses([](Sigstruct& s) { s.vendor = 1; }));
  EXPECT_TRUE(refuses([](Sigstruct& s) { s.reserved1[83] = 1; }));
  EXPECT_TRUE(refuses([](Sigstruct& s) { s.reserved2[0] = 1; }));
  EXPECT_TRUE(refuses([](Sigstruct& s) { s.reserved3[15] = 1; }));
  EXPECT_TRUE(refuses([](Sigstruct& s) { s.reserved4[11] = 1; }));
}

TEST(Sigstruct, ParsesOnlyItsSize) {
  const std::vector<std::uint8_t> bytes(1809);
  EXPECT_FALSE(parse_sigstruct(std::span(bytes)).ok());
  EXPECT_FALSE(parse_sigstruct(std::span(bytes).first(1807)).ok());
  EXPECT_TRUE(parse_sigstruct(std::span(bytes).first(1808)).ok());
  EXPECT_FALSE(verify(parse_sigstruct(std::span(bytes).first(1808)).take()).ok());
}

}  // namespace cloister::sgx
