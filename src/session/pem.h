// SPDX-License-Identifier: Apache-2.0
// PEM: blocks of Base64 between -----BEGIN LABEL----- and -----END LABEL-----. Pure; any side. Text around blocks is
// refused.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cloister::session {
struct PemBlock {
  std::string label;
  std::vector<std::uint8_t> bytes;
};
std::optional<std::vector<PemBlock>> parse_pem(std::string_view text);
}  // namespace cloister::session
