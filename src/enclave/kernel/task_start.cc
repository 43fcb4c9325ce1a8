// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/kernel/task_start.h"
#include <linux/sched.h>
#include "src/enclave/core/program_state.h"
#include "src/enclave/kernel/cpu_pool.h"
#include "src/enclave/kernel/task.h"
#include "src/enclave/vfs/host_calls.h"

namespace cloister::kernel {
namespace {
bool is_at_limit(Process& process) {
  const std::lock_guard guard(process.mutex);
  const std::uint32_t limit = process.manifest->thread_limit;
  return limit != 0 && process.tasks.size() >= limit;
}

std::uint32_t new_id(Process& process) {
  const std::lock_guard guard(process.mutex);
  return process.new_task_id();
}

core::ProgramContext child_context(const core::ProgramContext& parent, std::uint64_t stack) {
  core::ProgramContext context = parent;
  context.rax = 0;
  context.orig_rax = core::kNoSystemCall;
  if (stack != 0) context.rsp = stack;
  return context;
}
}  // namespace

Result<std::int64_t> start_thread(Task& parent, const ThreadRequest& request) {
  Process& process = parent.process;
  if (is_at_limit(process)) return Error::from_errno(EAGAIN);
  VirtualCpu& cpu = *TRY(take_cpu());
  vfs::finish_late_close();  // what rests on there being one task ends here
  parent.opened.file = nullptr;
  core::Thread* const thread = thread_of(cpu);
  auto* const task = new Task(process, new_id(process));
  const std::uint32_t tid = task->tid;
  task->signal_mask = parent.signal_mask;
  task->name = parent.name;
  task->affinity = parent.affinity;
  task->timer_slack = parent.timer_slack;
  task->nice = parent.nice;
  if ((request.flags & CLONE_CHILD_CLEARTID) != 0) task->clear_child_tid = request.child_tid.value;
  // Linux, too, lets an address that does not hold pass here; before the child runs, which may look at the word.
  if ((request.flags & CLONE_PARENT_SETTID) != 0) (void)request.parent_tid.store(tid).ok();
  if ((request.flags & CLONE_CHILD_SETTID) != 0) (void)request.child_tid.store(tid).ok();

  core::capture_program_state(thread->xsave_area);
  {
    const std::lock_guard guard(process.mutex);
    task->thread = thread;  // from now on it can be sent signals; its CPU does the rest
  }
  const std::uint64_t fs_base = (request.flags & CLONE_SETTLS) != 0 ? request.tls : parent.thread->program_fs;
  start_task(cpu, *task, child_context(*parent.context(), request.stack), fs_base);
  return tid;
}
}  // namespace cloister::kernel
