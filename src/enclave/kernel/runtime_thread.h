// SPDX-License-Identifier: Apache-2.0
// Threads of the runtime itself. Trusted, kernel storey.
#pragma once
#include "src/base/result.h"

namespace cloister::kernel {
// Detached, with a stack for kernel code; one at a time, as core needs it. EAGAIN.
Result<void> start_runtime_thread(void* (*main)(void*), void* argument);
}  // namespace cloister::kernel
