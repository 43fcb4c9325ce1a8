// SPDX-License-Identifier: Apache-2.0
// The predecessor in a session's text: what an update writes there before it is sent. Owner's tool; pure.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace cloister::session {

// `text` with `hash` as its predecessor, where it has none or an empty one (`~`). All lines keep their numbers. Nothing
// where it names one already, or is no mapping.
std::optional<std::string> with_predecessor(std::string_view text, std::string_view hash);

}  // namespace cloister::session
