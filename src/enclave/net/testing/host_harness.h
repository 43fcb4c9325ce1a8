// SPDX-License-Identifier: Apache-2.0
// The kernel storey's files on an ordinary process: the real core makes real host calls, program memory is our own, and
// signals are the process's. For tests outside the enclave.
#pragma once
#include <cstdint>
#include "src/enclave/kernel/task.h"

namespace cloister::testing {
// The calling thread's task, with a core::Thread at its GS base; made at first use.
kernel::Task& current_task();
// A system call as the enclave dispatches it: the core's fast path first, then the kernel storey. Linux's result.
long system_call(long number, std::uint64_t a0 = 0, std::uint64_t a1 = 0, std::uint64_t a2 = 0, std::uint64_t a3 = 0,
                 std::uint64_t a4 = 0, std::uint64_t a5 = 0);
// Called before and after each host call of the calling thread when set: to lie. May change the block.
struct HostBlockView {
  std::uint64_t number;
  std::uint64_t* arguments;
  std::uint64_t* result;
};
extern thread_local void (*host_hook)(const HostBlockView& block);
extern std::atomic<std::uint64_t> host_call_total, exit_total;
// Whether this host offers ticks, without which nothing is written behind (core/write_behind.h). It makes none.
extern std::atomic<bool> has_ticks;
}  // namespace cloister::testing
