// SPDX-License-Identifier: Apache-2.0
// Identity, time and the like: answered without the host, but for sched_yield.
#include <asm/errno.h>
#include <time.h>
#include "src/enclave/core/clock.h"
#include "src/enclave/core/core_calls.h"
#include "src/enclave/core/host_call.h"
#include "src/enclave/core/program_access.h"
#include "src/enclave/core/task.h"

namespace cloister::core {
namespace {
constexpr std::uint64_t kNanosecondsPerSecond = 1'000'000'000;
}  // namespace

long fast_getpid(Thread* thread, ProgramContext*) { return thread->task->tgid; }
long fast_gettid(Thread* thread, ProgramContext*) { return thread->task->tid; }

long fast_clock_gettime(Thread*, ProgramContext* context) {
  std::uint64_t now;
  switch (static_cast<std::uint32_t>(context->rdi)) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE: now = realtime_now(); break;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE: now = monotonic_now(); break;
    case CLOCK_BOOTTIME: now = boottime_now(); break;
    default: return kTakeKernelPath;
  }
  const std::uint64_t time[2] = {now / kNanosecondsPerSecond, now % kNanosecondsPerSecond};
  return copy_to_program(context->rsi, time, sizeof time) ? 0 : -EFAULT;
}

long fast_gettimeofday(Thread*, ProgramContext* context) {
  const std::uint64_t now = realtime_now();
  const std::uint64_t time[2] = {now / kNanosecondsPerSecond, now % kNanosecondsPerSecond / 1000};
  if (context->rdi != 0 && !copy_to_program(context->rdi, time, sizeof time)) return -EFAULT;
  if (context->rsi != 0 && !zero_program(context->rsi, 8)) return -EFAULT;
  return 0;
}

long fast_time(Thread*, ProgramContext* context) {
  const std::uint64_t now = realtime_now() / kNanosecondsPerSecond;
  if (context->rdi != 0 && !copy_to_program(context->rdi, &now, sizeof now)) return -EFAULT;
  return static_cast<long>(now);
}

namespace {
// The status of a file that was opened in the last exit.
long opened_status(Thread* thread, std::uint64_t descriptor, std::uint64_t address) {
  Task* const task = thread->task;
  const OpenedFile& opened = task->opened;
  if (opened.host_call_count != thread->host_call_count || opened.file == nullptr || opened.is_served)
    return kTakeKernelPath;
  const File* const file = acquire_file(task, static_cast<std::uint32_t>(descriptor));
  const bool is_it = file == opened.file;
  if (file != nullptr) release_file(task);
  if (!is_it) return kTakeKernelPath;
  return copy_to_program(address, &opened.status, sizeof opened.status) ? 0 : -EFAULT;
}
}  // namespace

long fast_fstat(Thread* thread, ProgramContext* context) { return opened_status(thread, context->rdi, context->rsi); }

// As C libraries ask for what fstat gives.
long fast_newfstatat(Thread* thread, ProgramContext* context) {
  constexpr std::uint32_t kEmptyPath = 0x1000;  // AT_EMPTY_PATH
  char first;
  if (static_cast<std::uint32_t>(context->r10) != kEmptyPath || !copy_from_program(&first, context->rsi, 1) ||
      first != 0)
    return kTakeKernelPath;
  return opened_status(thread, context->rdi, context->rdx);
}

long fast_sched_yield(Thread*, ProgramContext*) {
  host_call(HostCall::sched_yield);
  return 0;
}

long fast_arch_prctl(Thread*, ProgramContext* context) {
  constexpr std::uint64_t kSetFs = 0x1002, kGetFs = 0x1003;
  if (context->rdi == kSetFs) {
    if (context->rsi >= kUserEnd) return -EPERM;
    asm volatile("wrfsbase %0" ::"r"(context->rsi));
    return 0;
  }
  if (context->rdi == kGetFs) {
    std::uint64_t base;
    asm volatile("rdfsbase %0" : "=r"(base));
    return copy_to_program(context->rsi, &base, sizeof base) ? 0 : -EFAULT;
  }
  return kTakeKernelPath;
}
}  // namespace cloister::core
