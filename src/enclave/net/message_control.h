// SPDX-License-Identifier: Apache-2.0
// Ancillary data of messages (cmsg). Trusted. Descriptors and credentials never pass in either direction: what they would name
// belongs to the host.
#pragma once
#include <cstdint>
#include <vector>
#include "src/base/result.h"
#include "src/enclave/kernel/program_memory.h"

namespace cloister::net {
inline constexpr std::size_t kMaxControlSize = 3840;

// From the program: EINVAL when malformed, for SCM_RIGHTS and SCM_CREDENTIALS; ENOBUFS above the limit, as Linux for its own.
Result<std::vector<std::uint8_t>> load_control(kernel::ProgramAddress address, std::uint64_t size);
// What the host left in the bounce buffer. Host may: write anything; malformed data or descriptors stop the enclave.
std::vector<std::uint8_t> take_control(std::uint64_t host, std::size_t size);
}  // namespace cloister::net
