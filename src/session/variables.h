// SPDX-License-Identifier: Apache-2.0
// Variables of the command line: `$NAME` and `${NAME}` in a session's text, filled before it is read as YAML. Pure.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace cloister::session {
using Variable = std::function<std::optional<std::string>(std::string_view name)>;
// Names are letters, digits and _, and as long as possible. What `value` does not know stays as it is, and so does what
// follows another `$`, such as `$$SCONE::x$$`. What was inserted is not looked at again.
std::string fill_variables(std::string_view text, const Variable& value);
}  // namespace cloister::session
