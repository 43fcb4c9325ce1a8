// SPDX-License-Identifier: Apache-2.0
// Program threads from the kernel storey's point of view (program_state.S). Trusted.
#pragma once
#include "src/enclave/core/thread.h"

namespace cloister::core {
extern "C" {
// Runs the program from `context` with the extended state in Thread::xsave_area and Thread::program_fs; returns after
// leave_program.
void run_program(const ProgramContext* context);
// Only on a thread that is in run_program, with the runtime's FS base; the C++ frames in between vanish undestroyed.
[[noreturn]] void leave_program();
// The calling program's extended state as an XSAVE image; only while a system call is served.
void capture_program_state(std::byte* area);
}
}  // namespace cloister::core
