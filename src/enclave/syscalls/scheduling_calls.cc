// SPDX-License-Identifier: Apache-2.0
// Scheduling: affinity is the host's to grant, priorities are told back as they were set.
#include "src/enclave/kernel/scheduling.h"
#include <linux/capability.h>
#include <sched.h>
#include <sys/resource.h>
#include <algorithm>
#include <bit>
#include "abi/enclave_layout.h"
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

// Whom getpriority and setpriority mean. Of a group or a user the caller is the only process.
Result<std::int32_t> task_with_priority(Task& caller, int which, std::int32_t who) {
  if (which < PRIO_PROCESS || which > PRIO_USER) return Error::from_errno(EINVAL);
  if (which == PRIO_PROCESS) {
    if (who < 0) return Error::from_errno(ESRCH);
    return who;
  }
  const std::lock_guard guard(caller.process.mutex);
  const std::uint32_t own = which == PRIO_PGRP ? caller.process.process_group : caller.process.credentials.uid;
  if (who != 0 && static_cast<std::uint32_t>(who) != own) return Error::from_errno(ESRCH);
  return 0;
}

// struct sched_attr, without the later utilisation limits.
struct SchedulingAttributes {
  std::uint32_t size, policy;
  std::uint64_t flags;
  std::int32_t nice;
  std::uint32_t priority;
  std::uint64_t runtime, deadline, period;
};
constexpr std::uint32_t kFirstAttributesSize = 48;
static_assert(sizeof(SchedulingAttributes) == kFirstAttributesSize);
constexpr int kDeadlinePolicy = 6, kIoPriorityOfProcess = 1;

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

SysResult sys_getcpu(Task& task, ProgramAddress cpu, ProgramAddress node) {
  // Which one it is only the host knows; it is one of those that the task may run on.
  if (!cpu.is_null()) {
    CpuSet set{};
    TRY(with_task(task, 0, [&](Task& caller) { set = caller.affinity; }));
    const auto* const word = std::find_if(set.begin(), set.end(), [](std::uint64_t bits) { return bits != 0; });
    const auto first = word == set.end() ? 0 : (word - set.begin()) * 64 + std::countr_zero(*word);
    TRY(cpu.store(static_cast<std::uint32_t>(first)));
  }
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
  return is_policy(policy) || policy == kDeadlinePolicy ? SysResult(0) : Error::from_errno(EINVAL);
}

SysResult sys_sched_get_priority_min(Task&, int policy) {
  if (is_real_time_policy(policy)) return 1;
  return is_policy(policy) || policy == kDeadlinePolicy ? SysResult(0) : Error::from_errno(EINVAL);
}

SysResult sys_sched_rr_get_interval(Task& task, std::int32_t pid, ProgramAddress interval) {
  TRY(with_task(task, pid, [](Task&) {}));
  TRY(interval.store(kernel::timespec_of(4'000'000)));
  return 0;
}

SysResult sys_sched_getattr(Task& task, std::int32_t pid, ProgramAddress address, std::uint32_t size,
                            std::uint32_t flags) {
  if (address.is_null() || size < kFirstAttributesSize || size > layout::kPageSize || flags != 0)
    return Error::from_errno(EINVAL);
  SchedulingAttributes attributes{};
  TRY(with_task(task, pid, [&](Task& target) {
    attributes.policy = static_cast<std::uint32_t>(target.scheduling_policy);
    attributes.nice = target.nice;
  }));
  attributes.size = std::min<std::uint32_t>(size, sizeof attributes);
  TRY(address.write(&attributes, attributes.size));
  return 0;
}

SysResult sys_sched_setattr(Task& task, std::int32_t pid, ProgramAddress address, std::uint32_t flags) {
  if (address.is_null() || pid < 0 || flags != 0) return Error::from_errno(EINVAL);
  auto size = TRY(address.load<std::uint32_t>());
  if (size == 0) size = kFirstAttributesSize;
  if (size < kFirstAttributesSize || size > layout::kPageSize) return Error::from_errno(E2BIG);
  SchedulingAttributes wanted{};
  TRY(address.read(&wanted, std::min<std::size_t>(size, sizeof wanted)));
  const auto policy = static_cast<int>(wanted.policy);
  if (is_real_time_policy(policy) || policy == kDeadlinePolicy) return Error::from_errno(EPERM);
  if (!is_policy(policy) || wanted.priority != 0) return Error::from_errno(EINVAL);
  bool is_refused = false;
  TRY(with_task(task, pid, [&](Task& target) {
    is_refused = wanted.nice < target.nice && !kernel::has_capability(task.process.credentials, CAP_SYS_NICE);
    if (is_refused) return;
    target.scheduling_policy = policy;
    if (policy != SCHED_IDLE) target.nice = std::clamp(wanted.nice, -20, 19);
  }));
  if (is_refused) return Error::from_errno(EPERM);
  return 0;
}

// The priority of input and output is told back as it was set.
SysResult sys_ioprio_get(Task& task, int which, std::int32_t who) {
  if (which != kIoPriorityOfProcess) return Error::from_errno(which < 1 || which > 3 ? EINVAL : ESRCH);
  int priority = 0;
  TRY(with_task(task, who, [&](Task& target) { priority = target.io_priority; }));
  return priority;
}

SysResult sys_ioprio_set(Task& task, int which, std::int32_t who, int priority) {
  const int kind = priority >> 13, level = priority & 0x1fff;
  if (kind < 0 || kind > 3 || level > 7 || (kind == 0 && level != 0)) return Error::from_errno(EINVAL);
  if (kind == 1 && !kernel::has_capability(task.process.credentials, CAP_SYS_NICE)) return Error::from_errno(EPERM);
  if (which != kIoPriorityOfProcess) return Error::from_errno(which < 1 || which > 3 ? EINVAL : ESRCH);
  TRY(with_task(task, who, [&](Task& target) { target.io_priority = priority; }));
  return 0;
}

SysResult sys_getpriority(Task& task, int which, std::int32_t who) {
  int nice = 0;
  TRY(with_task(task, TRY(task_with_priority(task, which, who)), [&](Task& target) { nice = target.nice; }));
  return 20 - nice;
}

SysResult sys_setpriority(Task& task, int which, std::int32_t who, int nice) {
  const std::int32_t tid = TRY(task_with_priority(task, which, who));
  nice = std::clamp(nice, -20, 19);
  bool is_refused = false;
  TRY(with_task(task, tid, [&](Task& target) {
    is_refused = nice < target.nice && !kernel::has_capability(task.process.credentials, CAP_SYS_NICE);
    if (!is_refused) target.nice = nice;
  }));
  if (is_refused) return Error::from_errno(EACCES);
  return 0;
}
}  // namespace cloister::syscalls
