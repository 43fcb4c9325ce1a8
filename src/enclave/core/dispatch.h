// SPDX-License-Identifier: Apache-2.0
// System-call dispatch: the fast storey first, then the kernel storey. Trusted, freestanding.
#pragma once
#include <cstdint>
#include "src/enclave/core/thread.h"

namespace cloister::core {
inline constexpr std::uint64_t kSystemCallCount = 512;

// A core handler answers at once, or returns kTakeKernelPath or kLeaveWithRequest.
using CoreHandler = long (*)(Thread*, ProgramContext*);
// The kernel storey's entry: any call, with the runtime's FS base.
using KernelDispatch = long (*)(void* context);
extern KernelDispatch kernel_dispatch;
// Set while calls are traced: then every call takes the kernel path.
extern bool trace_calls;

struct CallCounts {
  std::uint64_t calls[kSystemCallCount];
};
extern CallCounts call_counts;
}  // namespace cloister::core
