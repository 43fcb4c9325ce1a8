// SPDX-License-Identifier: Apache-2.0
// Dates as certificates and collateral write them, always UTC, as seconds since 1970. Both sides; pure functions, which
// never ask for the current time.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include "src/base/result.h"

namespace cloister::dcap {

using UnixTime = std::int64_t;

// "2025-05-27T19:25:02Z", exactly this form.
Result<UnixTime> parse_iso_time(std::string_view text);
std::string iso_time(UnixTime time);
// X.509: "250527192502Z" (UTCTime, years 1950 to 2049) and "20250527192502Z" (GeneralizedTime).
Result<UnixTime> parse_utc_time(std::string_view text);
Result<UnixTime> parse_generalized_time(std::string_view text);

// A span of time, both ends included.
struct Validity {
  UnixTime from, until;
  bool operator==(const Validity&) const = default;
};
enum class InForce { yes, not_yet, no_longer };
constexpr InForce in_force(const Validity& validity, UnixTime time) {
  if (time < validity.from) return InForce::not_yet;
  return time > validity.until ? InForce::no_longer : InForce::yes;
}

}  // namespace cloister::dcap
