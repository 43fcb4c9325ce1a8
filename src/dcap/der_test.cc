// SPDX-License-Identifier: Apache-2.0
#include "src/dcap/der.h"
#include <gtest/gtest.h>
#include "src/base/hex.h"

namespace cloister::dcap {
namespace {
std::vector<std::uint8_t> hex(const char* text) { return from_hex(text).value(); }
bool reads(const char* text) {
  const auto bytes = hex(text);
  DerReader reader(bytes);
  return reader.next().ok() && reader.at_end();
}
}  // namespace

TEST(Der, Lengths) {
  EXPECT_TRUE(reads("0400"));
  EXPECT_TRUE(reads("0401ff"));
  EXPECT_FALSE(reads("0402ff"));  // too short
  EXPECT_FALSE(reads("04"));
  EXPECT_FALSE(reads("0480ff0000"));  // indefinite
  EXPECT_FALSE(reads("048101ff"));    // not the shortest form
  EXPECT_FALSE(reads("04820001ff"));
  EXPECT_FALSE(reads("0484ffffffff"));  // more than there can be
  EXPECT_FALSE(reads("04ff"));
  EXPECT_FALSE(reads("1f8100"));  // a tag of several bytes
  std::vector<std::uint8_t> large = hex("0481c8");
  large.resize(3 + 200);
  DerReader reader(large);
  EXPECT_EQ(reader.next().value().content.size(), 200u);
}

TEST(Der, Integers) {
  const auto number = [](const char* text) {
    const auto bytes = hex(text);
    const auto element = der_whole(bytes, DerTag::integer);
    if (!element.ok()) return -1;
    const auto value = der_small(element.value(), 65535);
    return value.ok() ? static_cast<int>(value.value()) : -1;
  };
  EXPECT_EQ(number("020100"), 0);
  EXPECT_EQ(number("02017f"), 127);
  EXPECT_EQ(number("02020080"), 128);
  EXPECT_EQ(number("020300ffff"), 65535);
  EXPECT_EQ(number("0203010000"), -1);  // above the limit
  EXPECT_EQ(number("0200"), -1);        // no digits
  EXPECT_EQ(number("020180"), -1);      // negative
  EXPECT_EQ(number("02020001"), -1);    // a zero too many
}

TEST(Der, Signatures) {
  const auto signature = [](const char* text) {
    const auto bytes = hex(text);
    return der_p256_signature(bytes);
  };
  const auto small = signature("3006020101020102");
  ASSERT_TRUE(small.ok());
  EXPECT_EQ(small.value()[31], 1);
  EXPECT_EQ(small.value()[63], 2);
  EXPECT_FALSE(signature("300602010102010200").ok());      // something behind it
  EXPECT_FALSE(signature("3009020101020102020103").ok());  // a third number
  EXPECT_FALSE(signature("3003020101").ok());
  EXPECT_FALSE(signature("3006020101020181").ok());
}
}  // namespace cloister::dcap
