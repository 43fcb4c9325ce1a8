// SPDX-License-Identifier: Apache-2.0
// From a session's text to its model, or to the list of all that is wrong with it. Pure; owner's side and CAS.
#pragma once
#include <optional>
#include <string_view>
#include <vector>
#include "src/session/model.h"

namespace cloister::session {
// The tags that a session's YAML may have.
inline constexpr std::string_view kAllowedTags[] = {"!cas", "!akv"};

struct Report {
  std::vector<yaml::Problem> problems;  // in the order of the text; empty: the session is valid
  std::vector<yaml::Problem> warnings;  // valid, but probably not what was meant
};
// Nothing when the report has problems. Texts of the report never show the values of secrets.
std::optional<Session> read_session(std::string_view text, Report* report);
}  // namespace cloister::session
