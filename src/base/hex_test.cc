// SPDX-License-Identifier: Apache-2.0
#include "src/base/hex.h"
#include <gtest/gtest.h>

namespace cloister {
TEST(Hex, RoundTrip) {
  const std::vector<std::uint8_t> bytes{0x00, 0x7f, 0x80, 0xff};
  EXPECT_EQ(to_hex(bytes), "007f80ff");
  EXPECT_EQ(from_hex("007F80ff").value(), bytes);
}
TEST(Hex, RefusesOddAndForeign) {
  EXPECT_FALSE(from_hex("abc").ok());
  EXPECT_FALSE(from_hex("0g").ok());
}
}  // namespace cloister
