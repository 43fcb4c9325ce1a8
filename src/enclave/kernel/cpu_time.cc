// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/kernel/cpu_time.h"
#include "src/enclave/core/clock.h"
#include "src/enclave/core/cpu.h"
#include "src/enclave/kernel/task.h"

namespace cloister::kernel {

// Another thread's figures are read while they change; a small error is the price.
std::uint64_t task_cpu_time(const Task& task) {
  const core::Thread* thread = task.thread;
  if (thread == nullptr || task.start_time == 0) return 0;  // not yet running
  std::uint64_t slept = __atomic_load_n(&thread->slept_ticks, __ATOMIC_RELAXED) - task.slept_before;
  const std::uint64_t since = __atomic_load_n(&thread->sleeping_since, __ATOMIC_RELAXED);
  const std::uint64_t tsc = core::read_tsc();
  if (since != 0 && tsc > since) slept += tsc - since;
  const std::uint64_t elapsed = core::monotonic_now() - task.start_time;
  const std::uint64_t asleep = core::ticks_to_nanoseconds(slept);
  return elapsed > asleep ? elapsed - asleep : 0;
}

std::uint64_t process_cpu_time(Process& process) {
  const std::lock_guard guard(process.mutex);
  std::uint64_t total = process.ended_cpu_time;
  for (const Task* task : process.tasks) total += task_cpu_time(*task);
  return total;
}
}  // namespace cloister::kernel
