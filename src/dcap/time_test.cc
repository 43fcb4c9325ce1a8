// SPDX-License-Identifier: Apache-2.0
#include "src/dcap/time.h"
#include <gtest/gtest.h>

namespace cloister::dcap {
TEST(Time, IsoRoundTrip) {
  for (const char* text : {"1970-01-01T00:00:00Z", "2000-02-29T23:59:59Z", "2025-05-27T19:25:02Z",
                           "2049-12-31T23:59:59Z", "2100-02-28T12:00:00Z", "0001-01-01T00:00:00Z"})
    EXPECT_EQ(iso_time(parse_iso_time(text).value()), text);
  EXPECT_EQ(parse_iso_time("2025-06-11T19:23:55Z").value(), 1749669835);
}
TEST(Time, DatesThatDoNotExist) {
  for (const char* text :
       {"2100-02-29T00:00:00Z", "2025-13-01T00:00:00Z", "2025-00-01T00:00:00Z", "2025-01-32T00:00:00Z",
        "2025-01-01T24:00:00Z", "2025-01-01T00:60:00Z", "2025-01-01T00:00:60Z", "2025-01-01 00:00:00Z",
        "2025-01-01T00:00:00", "2025-1-1T00:00:00Z", "", "2025-01-01T00:00:00+0"})
    EXPECT_FALSE(parse_iso_time(text).ok()) << text;
}
TEST(Time, X509) {
  EXPECT_EQ(iso_time(parse_utc_time("491231235959Z").value()), "2049-12-31T23:59:59Z");
  EXPECT_EQ(iso_time(parse_utc_time("500101000000Z").value()), "1950-01-01T00:00:00Z");
  EXPECT_EQ(iso_time(parse_generalized_time("20500101000000Z").value()), "2050-01-01T00:00:00Z");
  EXPECT_FALSE(parse_utc_time("20500101000000Z").ok());
}
TEST(Time, BothEndsAreInForce) {
  const Validity validity{10, 20};
  EXPECT_EQ(in_force(validity, 9), InForce::not_yet);
  EXPECT_EQ(in_force(validity, 10), InForce::yes);
  EXPECT_EQ(in_force(validity, 20), InForce::yes);
  EXPECT_EQ(in_force(validity, 21), InForce::no_longer);
}
}  // namespace cloister::dcap
