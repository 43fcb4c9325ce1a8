// SPDX-License-Identifier: Apache-2.0
// A numeric address of the network with its port: 127.0.0.1:18766, [::1]:18766. Names are not resolved here, nor
// anywhere in the enclave. Both sides; no I/O.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include "src/base/result.h"

namespace cloister {
struct Endpoint {
  bool is_v6 = false;
  std::array<std::uint8_t, 16> address{};  // network order; IPv4 has the first four bytes
  std::uint16_t port = 0;
  bool operator==(const Endpoint&) const = default;
};
// Errc::invalid for anything else than a numeric address with a port.
Result<Endpoint> parse_endpoint(std::string_view text);
std::string to_text(const Endpoint& endpoint);
// The address alone, without brackets.
std::string address_text(const Endpoint& endpoint);
}  // namespace cloister
