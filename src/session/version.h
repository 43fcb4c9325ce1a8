// SPDX-License-Identifier: Apache-2.0
// Versions of the session language. Pure; any side.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace cloister::session {
// In the order of the language's history. v0_3 is what a session says that names no minor number: any 0.3.x.
enum class Version : int {
  v0_1 = 100,
  v0_2 = 200,
  v0_3 = 300,
  v0_3_1,
  v0_3_2,
  v0_3_3,
  v0_3_4,
  v0_3_5,
  v0_3_6,
  v0_3_7,
  v0_3_8,
  v0_3_9,
  v0_3_10,
  v0_3_11,
  v0_3_12,
};
inline constexpr Version kNewest = Version::v0_3_12;

std::string text_of(Version version);
std::optional<Version> parse_version(std::string_view text);

// The newest version whose features a session of `version` may use: itself, but all of 0.3.x for a plain "0.3", which
// is how sessions were written before minor numbers could be.
constexpr Version features_up_to(Version version) { return version == Version::v0_3 ? kNewest : version; }
}  // namespace cloister::session
