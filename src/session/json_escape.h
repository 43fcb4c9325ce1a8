// SPDX-License-Identifier: Apache-2.0
// A text as it stands between the quotes of a JSON string. Pure; any side.
#pragma once
#include <optional>
#include <string_view>
#include "src/session/secret_text.h"

namespace cloister::session {
// Nothing when the text is not UTF-8, which JSON must be.
std::optional<SecretText> escape_json(std::string_view text);
}  // namespace cloister::session
