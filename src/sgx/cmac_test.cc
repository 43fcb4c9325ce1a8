// SPDX-License-Identifier: Apache-2.0
#include "src/sgx/cmac.h"
#include <gtest/gtest.h>
#include <algorithm>
#include <nlohmann/json.hpp>
#include "src/base/hex.h"
#include "src/sgx/vectors_for_test.h"

namespace cloister::sgx {
namespace {

std::vector<std::uint8_t> bytes(const std::string& hex) { return from_hex(hex).value(); }

Key128 key_of(const std::string& hex) {
  Key128 key{};
  const auto raw = bytes(hex);
  std::copy_n(raw.begin(), std::min(raw.size(), key.size()), key.begin());
  return key;
}

}  // namespace

// RFC 4493, section 4.
TEST(Cmac, Rfc4493) {
  const Key128 key = key_of("2b7e151628aed2a6abf7158809cf4f3c");
  const auto message = bytes(
      "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17"
      "ad2b417be66c3710");
  const auto mac = [&](std::size_t size) { return to_hex(aes_cmac(key, std::span(message).first(size))); };
  EXPECT_EQ(mac(0), "bb1d6929e95937287fa37d129b756746");
  EXPECT_EQ(mac(16), "070a16b46b4d4144f79bdd9dd04a287c");
  EXPECT_EQ(mac(40), "dfa66747de9ae63030ca32611497c827");
  EXPECT_EQ(mac(64), "51f0bebf7e3b9d92fc49741779363cfe");
}

TEST(Cmac, EveryDifferenceIsSeen) {
  const Mac mac = aes_cmac(Key128{}, {});
  EXPECT_TRUE(equal_macs(mac, mac));
  for (std::size_t bit = 0; bit < 128; ++bit) {
    Mac other = mac;
    other[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
    EXPECT_FALSE(equal_macs(mac, other)) << bit;
  }
}

// Wycheproof's AES-CMAC tests. Only AES-128 exists here; the groups of other key sizes are no subject of this function.
TEST(Cmac, Wycheproof) {
  const char* const file = "crypto/wycheproof-aes_cmac_test.json";
  CLOISTER_NEED_VECTORS(file);
  const auto document = nlohmann::json::parse(read_bytes(vectors_directory() / file));
  std::size_t run = 0, accepted = 0;
  for (const auto& group : document.at("testGroups")) {
    if (group.at("keySize") != 128) continue;
    ASSERT_EQ(group.at("tagSize"), 128);
    for (const auto& test : group.at("tests")) {
      const auto tag = bytes(test.at("tag"));
      ASSERT_EQ(tag.size(), 16u);
      const Mac mac = aes_cmac(key_of(test.at("key")), bytes(test.at("msg")));
      const bool equal = equal_macs(mac, std::span(tag).first<16>());
      EXPECT_EQ(equal, test.at("result") == "valid") << "tcId " << test.at("tcId");
      ++run;
      accepted += equal;
    }
  }
  EXPECT_GT(run, 90u);
  EXPECT_GT(accepted, 0u);
  EXPECT_LT(accepted, run);
}

}  // namespace cloister::sgx
