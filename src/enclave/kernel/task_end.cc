// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/kernel/task_end.h"
#include <algorithm>
#include "src/enclave/core/futex.h"
#include "src/enclave/core/prefetch.h"
#include "src/enclave/core/program_access.h"
#include "src/enclave/core/write_behind.h"
#include "src/enclave/kernel/cpu_pool.h"
#include "src/enclave/kernel/cpu_time.h"
#include "src/enclave/kernel/process_end.h"
#include "src/enclave/kernel/robust_list.h"
#include "src/enclave/kernel/signals.h"
#include "src/enclave/kernel/task.h"
#include "src/enclave/vfs/host_calls.h"

namespace cloister::kernel {
namespace {
// How many tasks are left.
std::size_t remove_from_process(Task& task) {
  Process& process = task.process;
  const std::lock_guard guard(process.mutex);
  process.ended_cpu_time += task_cpu_time(task);
  std::erase(process.tasks, &task);
  return process.tasks.size();
}

// pthread_join waits for this word.
void tell_joiner(std::uint64_t clear_child_tid) {
  if (clear_child_tid == 0 || !core::store_program(clear_child_tid, std::uint32_t{0})) return;
  core::futex_wake(clear_child_tid, 1, ~0u);
}
}  // namespace

void begin_task_end(Task& task, int status) {
  if (task.tid == task.tgid) task.process.exit_status = (status & 0xff) << 8;
  task.ending = true;
  __atomic_fetch_or(&task.thread->work, static_cast<std::uint64_t>(core::kWorkExit), __ATOMIC_RELAXED);
}

void leave_task(Task& task) {
  Process& process = task.process;
  core::Thread* const thread = task.thread;
  const bool is_process_ending = process.exiting.load();
  task.ending = true;
  core::flush_sends(thread);
  core::leave_prefetched(&task);
  if (!is_process_ending) {
    release_robust_list(task);
    hand_over_signals(task);
  }
  if (remove_from_process(task) == 0 && !is_process_ending) end_process(process, process.exit_status >> 8);
  process.task_ended.wake_all();
  vfs::finish_late_close();
  // The thread counts as idle before the joiner wakes, so that the next thread finds it.
  announce_idle(thread);
  if (!is_process_ending) tell_joiner(task.clear_child_tid);
  thread->task = nullptr;
  delete &task;
  become_idle();
}
}  // namespace cloister::kernel
