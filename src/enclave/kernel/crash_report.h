// SPDX-License-Identifier: Apache-2.0
// What a debug enclave says when a signal ends its program. Trusted, kernel storey.
#pragma once
#include "src/enclave/core/thread.h"
#include "src/enclave/kernel/signal_state.h"

namespace cloister::kernel {
class Task;
// Registers and a backtrace (stack_walk.h) on standard error; nothing unless the enclave's own report says DEBUG.
void report_crash(Task& task, const core::ProgramContext& context, const siginfo_t& info);
}  // namespace cloister::kernel
