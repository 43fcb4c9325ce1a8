// SPDX-License-Identifier: Apache-2.0
// An in-enclave strace, made from the table. Only a debug enclave ever turns it on. Trusted.
#pragma once
#include "src/enclave/core/thread.h"
#include "src/syscall_table/table.h"

namespace cloister::syscalls {
// Calls that may never return are shown when they begin.
void trace_begin(const core::ProgramContext& context, const SystemCallRow* row);
// One line: [tid] name(arguments) = result.
void trace_call(const core::ProgramContext& context, const SystemCallRow* row, long result);
}  // namespace cloister::syscalls
