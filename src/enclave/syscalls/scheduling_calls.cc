// SPDX-License-Identifier: Apache-2.0
// Scheduling: affinity is the host's to grant, priorities are told back as they were set.
#include "src/enclave/kernel/scheduling.h"
#include <linux/capability.h>
#include <sched.h>
#include <sys/resource.h>
#include <algorithm>
#include "src/enclave/kernel/credentials.h"
#include "src/enclave/kernel/time_values.h"
#include "src/enclave/syscalls/task_handlers.h"

namespace cloister::syscalls {
namespace {
using kernel::CpuSet;

// The task with this id (0: the caller), looked at under the process's lock.
template <typename Look>
Result<void> with_task(Task& caller, std::int32_t pid, Look look) {
  if (pid < 0) return Error::from_errno(EINVAL);
  const std::lock_guard guard(caller.process.mutex);
  Task* const task = pid == 0 ? &caller : caller.process.find_task(static_cast<std::uint32_t>(pid));
  if (task == nullptr) return Error::from_errno(ESRCH);
  look(*task);
  return {};
}

bool is_policy(int policy) { return policy == SCHED_OTHER || policy == SCHED_BATCH || policy == SCHED_IDLE; }
bool is_real_time_policy(int policy) { return policy == SCHED_FIFO || policy == SCHED_RR; }

Result<void> set_policy(Task& caller, std::int32_t pid, int policy, ProgramAddress parameters) {
  if (parameters.is_null() || pid < 0) return Error::from_errno(EINVAL);
  const int priority = TRY(parameters.load<std::int32_t>());
  policy &= ~SCHED_RESET_ON_FORK;
  if (is_real_time_policy(policy)) return Error::from_errno(priority < 1 || priority > 99 ? EINVAL : EPERM);
  if (!is_policy(policy) || priority != 0) return Error::from_errno(EINVAL);
  return with_task(caller, pid, [policy](Task& task) { task.scheduling_policy = policy; });
}
}  // namespace

SysResult sys_sched_setaffinity(Task& task, std::int32_t pid, std::uint32_t size, ProgramAddress mask) {
  CpuSet wanted{};
  TRY(mask.read(wanted.data(), std::min<std::size_t>(size, sizeof wanted)));
  const CpuSet online = kernel::online_cpus();
  bool is_empty = true;
  for (std::size_t i = 0; i < wanted.size(); ++i) is_empty &= (wanted[i] &= online[i]) == 0;
  bool is_own = false;
  TRY(with_task(task, pid, [&](Task& target) {
    is_own = &target == &task;
    if (!is_empty) target.affinity = wanted;
  }));
  if (is_empty) return Error::from_errno(EINVAL);
  if (is_own) kernel::apply_affinity(wanted);
  return 0;
}

SysResult sys_sched_getaffinity(Task& task, std::int32_t pid, std::uint32_t size, ProgramAddress mask) {
  const std::size_t bytes = (kernel::cpu_count() + 63) / 64 * 8;
  if (size < bytes || size % 8 != 0) return Error::from_errno(EINVAL);
  CpuSet set{};
  TRY(with_task(task, pid, [&](Task& target) { set = target.affinity; }));
  TRY(mask.write(set.data(), bytes));
  return static_cast<std::int64_t>(bytes);
}

SysResult sys_getcpu(Task&, ProgramAddress cpu, ProgramAddress node) {
  // Which one it is only the host knows.
  if (!cpu.is_null()) TRY(cpu.store(std::uint32_t{0}));
  if (!node.is_null()) TRY(node.store(std::uint32_t{0}));
  return 0;
}

SysResult sys_sched_getscheduler(Task& task, std::int32_t pid) {
  int policy = 0;
  TRY(with_task(task, pid, [&](Task& target) { policy = target.scheduling_policy; }));
  return policy;
}

SysResult sys_sched_setscheduler(Task& task, std::int32_t pid, int policy, ProgramAddress parameters) {
  if (policy < 0) return Error::from_errno(EINVAL);
  TRY(set_policy(task, pid, policy, parameters));
  return 0;
}

SysResult sys_sched_getparam(Task& task, std::int32_t pid, ProgramAddress parameters) {
  if (parameters.is_null()) return Error::from_errno(EINVAL);
  TRY(with_task(task, pid, [](Task&) {}));
  TRY(parameters.store(std::int32_t{0}));
  return 0;
}

SysResult sys_sched_setparam(Task& task, std::int32_t pid, ProgramAddress parameters) {
  int policy = 0;
  TRY(with_task(task, pid, [&](Task& target) { policy = target.scheduling_policy; }));
  TRY(set_policy(task, pid, policy, parameters));
  return 0;
}

SysResult sys_sched_get_priority_max(Task&, int policy) {
  if (is_real_time_policy(policy)) return 99;
  return is_policy(policy) ? SysResult(0) : Error::from_errno(EINVAL);
}

SysResult sys_sched_get_priority_min(Task&, int policy) {
  if (is_real_time_policy(policy)) return 1;
  return is_policy(policy) ? SysResult(0) : Error::from_errno(EINVAL);
}

SysResult sys_sched_rr_get_interval(Task& task, std::int32_t pid, ProgramAddress interval) {
  TRY(with_task(task, pid, [](Task&) {}));
  TRY(interval.store(kernel::timespec_of(4'000'000)));
  return 0;
}

SysResult sys_getpriority(Task& task, int which, std::int32_t who) {
  if (which < PRIO_PROCESS || which > PRIO_USER) return Error::from_errno(EINVAL);
  int nice = 0;
  if (which == PRIO_PROCESS)
    TRY(with_task(task, who, [&](Task& target) { nice = target.nice; }));
  else
    nice = task.nice;
  return 20 - nice;
}

SysResult sys_setpriority(Task& task, int which, std::int32_t who, int nice) {
  if (which < PRIO_PROCESS || which > PRIO_USER) return Error::from_errno(EINVAL);
  nice = std::clamp(nice, -20, 19);
  bool is_refused = false;
  TRY(with_task(task, which == PRIO_PROCESS ? who : 0, [&](Task& target) {
    is_refused = nice < target.nice && !kernel::has_capability(task.process.credentials, CAP_SYS_NICE);
    if (!is_refused) target.nice = nice;
  }));
  if (is_refused) return Error::from_errno(EACCES);
  return 0;
}
}  // namespace cloister::syscalls
