// SPDX-License-Identifier: Apache-2.0
// Lower-case hexadecimal text. Host side and tools.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>
#include "src/base/result.h"

namespace cloister {
std::string to_hex(std::span<const std::uint8_t> bytes);
// Errc::invalid for an odd length or a character that is no hexadecimal digit (either case is read).
Result<std::vector<std::uint8_t>> from_hex(std::string_view text);
// Fills `to` exactly; false, and nothing changed, for any other text.
[[nodiscard]] bool read_hex(std::string_view text, std::span<std::uint8_t> to);
}  // namespace cloister
