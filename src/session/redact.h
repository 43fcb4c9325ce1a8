// SPDX-License-Identifier: Apache-2.0
// A session's text for those who may read it and not change it: without the values of secrets that it states. Pure.
#pragma once
#include <string>
#include <string_view>
#include "src/base/result.h"

namespace cloister::session {
inline constexpr char kRedacted[] = "(not shown)";

// Comments are left out, too: nobody knows what they say. Errc::invalid for what is no session's YAML.
Result<std::string> redacted(std::string_view text);
}  // namespace cloister::session
