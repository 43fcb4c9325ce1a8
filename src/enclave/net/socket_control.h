// SPDX-License-Identifier: Apache-2.0
// ioctl of sockets: bytes waiting, interface names, flags and addresses. Trusted. Anything else is ENOTTY.
#pragma once
#include "src/enclave/net/socket.h"

namespace cloister::net {
Result<std::int64_t> socket_control(Socket& socket, Task& task, std::uint32_t request, ProgramAddress argument);
}  // namespace cloister::net
