// SPDX-License-Identifier: Apache-2.0
// What happens to signals on the way back to the program. Trusted, kernel storey; runs on the task's own thread.
#pragma once
#include "src/enclave/core/thread.h"
#include "src/enclave/kernel/signal_state.h"

namespace cloister::kernel {
class Task;

// core::work_handler: takes the host's signals, ends the task if it must, runs or sets up what is pending, and repeats
// interrupted system calls. The context and the XSAVE area hold the program's complete state.
void handle_work(core::Thread* thread, core::ProgramContext* context);

// Puts a frame for `signal` on the program's stack and turns the context into a call of the handler. False: the stack
// does not hold it.
bool enter_handler(Task& task, core::ProgramContext* context, const SignalAction& action, const siginfo_t& info);
// rt_sigreturn: the context of the frame below the stack pointer. False: a bad frame.
bool leave_handler(Task& task, core::ProgramContext* context);
}  // namespace cloister::kernel
