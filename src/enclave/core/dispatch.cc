// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/core/dispatch.h"
#include <asm/errno.h>
#include <asm/unistd_64.h>
#include "src/boundary/rules.h"
#include "src/enclave/core/core_calls.h"
#include "src/enclave/core/task.h"

extern "C" long enter_kernel(long (*function)(void*), void* argument);

namespace cloister::core {
constinit KernelDispatch kernel_dispatch = nullptr;
constinit bool trace_calls = false;
constinit CallCounts call_counts = {};

namespace {
struct FastTable {
  CoreHandler handlers[kSystemCallCount] = {};
  constexpr FastTable() {
    handlers[__NR_read] = fast_read;
    handlers[__NR_recvfrom] = fast_recvfrom;
    handlers[__NR_write] = fast_write;
    handlers[__NR_sendto] = fast_sendto;
    handlers[__NR_pread64] = fast_pread64;
    handlers[__NR_pwrite64] = fast_pwrite64;
    handlers[__NR_writev] = fast_writev;
    handlers[__NR_sendmsg] = fast_sendmsg;
    handlers[__NR_sendfile] = fast_sendfile;
    handlers[__NR_getpid] = fast_getpid;
    handlers[__NR_gettid] = fast_gettid;
    handlers[__NR_clock_gettime] = fast_clock_gettime;
    handlers[__NR_gettimeofday] = fast_gettimeofday;
    handlers[__NR_time] = fast_time;
    handlers[__NR_fstat] = fast_fstat;
    handlers[__NR_newfstatat] = fast_newfstatat;
    handlers[__NR_futex] = fast_futex;
    handlers[__NR_sched_yield] = fast_sched_yield;
    handlers[__NR_arch_prctl] = fast_arch_prctl;
    handlers[__NR_epoll_wait] = fast_epoll_wait;
    handlers[__NR_epoll_pwait] = fast_epoll_pwait;
    handlers[__NR_poll] = fast_poll;
  }
};
constexpr FastTable fast_table;

}  // namespace

// Whatever needs the complete context: the kernel storey, restarts, a return with all registers.
extern "C" void finish_system_call(Thread* thread, ProgramContext* context, long result) {
  context->orig_rax = static_cast<std::uint32_t>(context->rax);  // zero-extended, no number looks like kNoSystemCall
  context->rip = context->rcx;
  context->rsp = thread->program_rsp;
  context->rflags = context->r11;
  if (result == kTakeKernelPath) {
    ++thread->kernel_entry_count;
    result = enter_kernel(kernel_dispatch, context);
  }
  // A restart code never reaches the program: the work on the way back resolves it.
  if (result <= kRestartSys && result >= kRestartBlock) [[unlikely]]
    __atomic_fetch_or(&thread->work, static_cast<std::uint64_t>(kWorkSignal), __ATOMIC_RELAXED);
  if (context->orig_rax != kNoSystemCall)
    context->rax = static_cast<std::uint64_t>(result);  // sigreturn restored another RAX
}

// What the core answers, or kTakeKernelPath or kLeaveWithRequest. Linux takes the low 32 bits of RAX for the number.
extern "C" [[gnu::hot]] long begin_system_call(Thread* thread, ProgramContext* context, std::uint32_t low_number) {
  const std::uint64_t number = low_number;
  // E-9: the bound is checked unsigned, and a mispredicted branch reads row 0.
  std::uint64_t index = number;
  std::uint64_t mask;
  asm("cmp %2, %1; sbb %0, %0" : "=r"(mask) : "r"(number), "i"(kSystemCallCount) : "cc");
  if (!CLOISTER_KEEPS(E_9)) mask = ~std::uint64_t{0};
  index &= mask;
  if (mask == 0) [[unlikely]]
    return kTakeKernelPath;
  ++call_counts.calls[index];
  const CoreHandler handler = fast_table.handlers[index];
  if (handler == nullptr || trace_calls) return kTakeKernelPath;
  return handler(thread, context);
}
}  // namespace cloister::core
