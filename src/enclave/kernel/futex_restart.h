// SPDX-License-Identifier: Apache-2.0
// Restart of a FUTEX_WAIT with a relative time-out: it goes on until the first deadline. Trusted, kernel storey.
#pragma once
#include "src/enclave/core/thread.h"

namespace cloister::kernel {
class Task;
// Sets the task's restart block for the interrupted futex call in `context`; an absolute wait needs none.
void set_futex_restart(Task& task, const core::ProgramContext& context);
}  // namespace cloister::kernel
