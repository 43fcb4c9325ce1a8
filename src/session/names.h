// SPDX-License-Identifier: Apache-2.0
// Names of sessions: "/", or components between slashes. Pure; any side.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include "src/session/version.h"

namespace cloister::session {
// What is wrong with an absolute name, in words that follow "name"; empty when nothing is.
std::string problem_of_name(std::string_view name, Version version);
// Whether a name is relative: ".", "..", "./x", "../x".
bool is_relative(std::string_view name);
// The absolute name that `name` means in the session `own`: "." is the session itself, ".." its namespace. Nothing when
// it leads out of the root.
std::optional<std::string> resolve_name(std::string_view own, std::string_view name);
}  // namespace cloister::session
