// SPDX-License-Identifier: Apache-2.0
#include "src/session/version.h"

namespace cloister::session {
std::string text_of(Version version) {
  const int number = static_cast<int>(version);
  std::string text("0.");
  text += std::to_string(number / 100);
  if (number % 100 != 0) text.append(".").append(std::to_string(number % 100));
  return text;
}

std::optional<Version> parse_version(std::string_view text) {
  for (const Version version : {Version::v0_1, Version::v0_2})
    if (text == text_of(version)) return version;
  for (int number = static_cast<int>(Version::v0_3); number <= static_cast<int>(kNewest); ++number)
    if (text == text_of(static_cast<Version>(number))) return static_cast<Version>(number);
  return std::nullopt;
}
}  // namespace cloister::session
