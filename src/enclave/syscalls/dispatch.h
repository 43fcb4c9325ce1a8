// SPDX-License-Identifier: Apache-2.0
// The kernel storey's side of system-call dispatch. Trusted.
#pragma once
#include <cstdint>

namespace cloister::syscalls {
// core::kernel_dispatch: `context` is the program's context. The call's result, or a restart code.
long dispatch(void* context);
// Row of a call number; null when the table has none.
const char* call_name(std::uint64_t number);
}  // namespace cloister::syscalls
