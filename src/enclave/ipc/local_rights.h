// SPDX-License-Identifier: Apache-2.0
// Control data of sockets inside the enclave: descriptors (SCM_RIGHTS) and credentials. Trusted, kernel storey.
#pragma once
#include <cstdint>
#include <vector>
#include "src/enclave/net/socket.h"

namespace cloister::ipc {
// The files that the message passes. EINVAL for malformed or unknown control data, EBADF, EPERM for foreign
// credentials.
Result<std::vector<vfs::FileRef>> files_of_control(kernel::Task& task, const std::vector<std::uint8_t>& control);
// Installs the files that there is room for in the message's control data; the others are let go (MSG_CTRUNC).
void add_rights(kernel::Task& task, std::vector<vfs::FileRef> files, net::IncomingMessage& message);
void add_credentials(kernel::Task& task, net::IncomingMessage& message);
}  // namespace cloister::ipc
