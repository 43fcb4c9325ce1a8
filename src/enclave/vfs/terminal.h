// SPDX-License-Identifier: Apache-2.0
// ioctl of terminals and other streams of the host. Trusted, kernel storey.
#pragma once
#include "src/enclave/vfs/open_file.h"

namespace cloister::vfs {
// Requests whose argument is known by size; what the host fills in is data for the program. What would change the host
// beyond the terminal is EPERM or ENOTTY.
Result<std::int64_t> control_terminal(Task& task, int host_descriptor, std::uint32_t request, ProgramAddress argument);
}  // namespace cloister::vfs
