// SPDX-License-Identifier: Apache-2.0
// Descriptors 0, 1 and 2 of the first process. Trusted, kernel storey.
#pragma once
#include "src/base/result.h"

namespace cloister::kernel {
class Process;
}

namespace cloister::vfs {
// Takes over the host's standard streams, which the host part has seen to be open. Once, before the program starts.
Result<void> open_standard_streams(kernel::Process& process);
}  // namespace cloister::vfs
