// SPDX-License-Identifier: Apache-2.0
// What becomes of a system call that was interrupted: EINTR, or once more. Linux's rules. Trusted, kernel storey.
#pragma once
#include "src/enclave/core/thread.h"
#include "src/enclave/kernel/signal_state.h"

namespace cloister::kernel {
class Task;
// A handler is about to run: the context becomes what the handler returns to. Nothing if no call was interrupted.
void resolve_for_handler(Task& task, core::ProgramContext* context, const SignalAction& action);
// No handler runs: the program repeats the call and knows nothing.
void resolve_without_handler(Task& task, core::ProgramContext* context);
}  // namespace cloister::kernel
