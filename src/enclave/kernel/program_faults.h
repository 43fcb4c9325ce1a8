// SPDX-License-Identifier: Apache-2.0
// Faults of program code: pages that are filled on demand, instructions that enclaves lack, and signals for the rest.
// What faulted is the processor's word (core/exception.h), never the host's. Trusted, kernel storey.
#pragma once
#include "src/enclave/core/exception.h"

namespace cloister::kernel {
class Task;

// core::exception_handler. The context and the XSAVE area hold the program's complete state.
void handle_exception(core::Thread* thread, const core::Exception& exception, core::ProgramContext* context);

// cpuid, rdtsc and rdtscp at the context's RIP: carried out, and true. False for other instructions.
bool emulate_instruction(core::ProgramContext* context);
// A call of the legacy vsyscall page: carried out, and true. False when RIP is none of its three entries.
bool emulate_vsyscall(Task& task, core::ProgramContext* context);
// si_code of a floating-point exception by the state in the XSAVE image; 0 when none is pending.
enum class FloatingPoint { x87, sse };
int floating_point_code(const std::byte* image, FloatingPoint unit);
}  // namespace cloister::kernel
