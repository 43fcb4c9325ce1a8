// SPDX-License-Identifier: Apache-2.0
// Ancillary data of messages (cmsg). Trusted. Descriptors and credentials never pass in either direction: what they
// would name belongs to the host.
#pragma once
#include <cstdint>
#include <vector>
#include "src/base/result.h"
#include "src/enclave/core/host_memory.h"

namespace cloister::net {
inline constexpr std::size_t kMaxControlSize = 3840;

// From the program: malformed data, SCM_RIGHTS and SCM_CREDENTIALS are EINVAL; ENOBUFS above the limit, as Linux for
// its own.
Result<void> check_outgoing_control(const std::vector<std::uint8_t>& control);
// What the host left in the bounce buffer. Host may: write anything; malformed data or descriptors stop the enclave.
std::vector<std::uint8_t> take_control(core::HostAddress host, std::size_t size);
}  // namespace cloister::net
