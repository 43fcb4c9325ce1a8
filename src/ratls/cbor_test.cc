// SPDX-License-Identifier: Apache-2.0
// Heads as RFC 8949's appendix A has them, and what a strict reader refuses.
#include "src/ratls/cbor.h"
#include <gtest/gtest.h>
#include "src/base/hex.h"

namespace cloister::ratls {
namespace {

OwnedBytes hex(std::string_view text) { return from_hex(text).value(); }

}  // namespace

TEST(Cbor, NumbersOfTheStandard) {
  static constexpr struct {
    std::uint64_t number;
    const char* encoded;
  } kNumbers[] = {{0, "00"},
                  {23, "17"},
                  {24, "1818"},
                  {100, "1864"},
                  {255, "18ff"},
                  {256, "190100"},
                  {1000, "1903e8"},
                  {65535, "19ffff"},
                  {65536, "1a00010000"},
                  {1000000, "1a000f4240"},
                  {4294967295, "1affffffff"},
                  {1000000000000, "1b000000e8d4a51000"},
                  {18446744073709551615u, "1bffffffffffffffff"}};
  for (const auto& [number, encoded] : kNumbers) {
    OwnedBytes written;
    append_head(written, CborMajor::number, number);
    EXPECT_EQ(to_hex(written), encoded);
    const OwnedBytes bytes = hex(encoded);
    CborReader reader(bytes);
    const auto read = reader.head(CborMajor::number);
    ASSERT_TRUE(read.ok()) << encoded;
    EXPECT_EQ(read.value(), number);
    EXPECT_TRUE(reader.finish().ok());
  }
}

TEST(Cbor, RefusesWhatIsNotTheShortestFormOrDefinite) {
  for (const char* bad :
       {"", "1817", "1900ff", "1a0000ffff", "1b00000000ffffffff", "18", "19ff", "1c", "1f", "40", "f6"}) {
    const OwnedBytes bytes = hex(bad);
    EXPECT_FALSE(CborReader(bytes).head(CborMajor::number).ok()) << bad;
  }
  for (const char* bad : {"41", "5f4101ff", "5bffffffffffffffff", "590001", "6161", "581700"}) {
    const OwnedBytes bytes = hex(bad);
    EXPECT_FALSE(CborReader(bytes).bytes().ok()) << bad;
  }
}

TEST(Cbor, StringsAndWhatFollowsThem) {
  OwnedBytes bytes;
  append_text(bytes, "abc");
  append_bytes(bytes, hex("0102"));
  EXPECT_EQ(to_hex(bytes), "63616263420102");
  CborReader reader(bytes);
  EXPECT_EQ(reader.text().value(), "abc");
  EXPECT_FALSE(reader.finish().ok());
  EXPECT_EQ(to_hex(reader.bytes().value()), "0102");
  EXPECT_TRUE(reader.finish().ok());
}

}  // namespace cloister::ratls
