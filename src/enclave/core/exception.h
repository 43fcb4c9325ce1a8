// SPDX-License-Identifier: Apache-2.0
// Exceptions in two stages. Stage 1 runs at CSSA 1 on its own stack: it looks at SSA frame 0, decides what the exit
// was, and edits that frame; the host then resumes it. Stage 2 runs as ordinary kernel code in the interrupted thread.
//
// Authenticity (rule E-8): a fault exists only if EXITINFO.VALID says so; whatever the host claims beside it is a kick
// at most. Atomicity (E-7): NSSA is 2 and the entry refuses CSSA > 1; stage 1 never touches the interrupted
// stack, and checks both stack pointers of the frame.
#pragma once
#include <cstdint>
#include "src/enclave/core/thread.h"

namespace cloister::core {
// What stage 2 hands to the kernel storey.
struct Exception {
  std::uint8_t vector;
  std::uint32_t error_code;
  std::uint64_t address;  // of a page fault
};
// Set by the kernel storey; runs with the runtime's FS base and may change the context. Also called (with vector 255)
// when a thread that ran program code has work to do.
using ExceptionHandler = void (*)(Thread*, const Exception&, ProgramContext*);
extern ExceptionHandler exception_handler;
// Same for work found on the way back from a system call.
using WorkHandler = void (*)(Thread*, ProgramContext*);
extern WorkHandler work_handler;
}  // namespace cloister::core
