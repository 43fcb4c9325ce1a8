// SPDX-License-Identifier: Apache-2.0
// Resource limits and usage.
#include <linux/capability.h>
#include <sys/times.h>
#include <algorithm>
#include "src/enclave/core/clock.h"
#include "src/enclave/kernel/cpu_time.h"
#include "src/enclave/kernel/credentials.h"
#include "src/enclave/kernel/time_values.h"
#include "src/enclave/syscalls/task_handlers.h"

namespace cloister::syscalls {
namespace {
constexpr std::uint64_t kMostDescriptors = 1 << 20;  // Linux's fs.nr_open
constexpr std::uint64_t kTicksPerSecond = 100;

// Makes a changed limit hold where others keep it.
void apply_limits(kernel::Process& process, std::uint32_t resource) {
  rlimit stack, space, data;
  std::uint64_t descriptors;
  {
    const std::lock_guard guard(process.mutex);
    descriptors = process.limits[RLIMIT_NOFILE].rlim_cur;
    stack = process.limits[RLIMIT_STACK], space = process.limits[RLIMIT_AS], data = process.limits[RLIMIT_DATA];
  }
  if (resource == RLIMIT_NOFILE)
    process.descriptors.set_limit(static_cast<std::uint32_t>(std::min(descriptors, kMostDescriptors)));
  if ((resource == RLIMIT_STACK || resource == RLIMIT_AS || resource == RLIMIT_DATA) && process.memory != nullptr)
    process.memory->set_limits({stack.rlim_cur, space.rlim_cur, data.rlim_cur});
}

Result<void> set_limit(kernel::Process& process, std::uint32_t resource, const rlimit& wanted) {
  if (wanted.rlim_cur > wanted.rlim_max) return Error::from_errno(EINVAL);
  if (resource == RLIMIT_NOFILE && wanted.rlim_max > kMostDescriptors) return Error::from_errno(EPERM);
  {
    const std::lock_guard guard(process.mutex);
    rlimit& limit = process.limits[resource];
    if (wanted.rlim_max > limit.rlim_max && !kernel::has_capability(process.credentials, CAP_SYS_RESOURCE))
      return Error::from_errno(EPERM);
    limit = wanted;
  }
  apply_limits(process, resource);
  return {};
}

rlimit limit_of(kernel::Process& process, std::uint32_t resource) {
  const std::lock_guard guard(process.mutex);
  return process.limits[resource];
}
}  // namespace

SysResult sys_getrlimit(Task& task, std::uint32_t resource, ProgramAddress limit) {
  if (resource >= RLIM_NLIMITS) return Error::from_errno(EINVAL);
  TRY(limit.store(limit_of(task.process, resource)));
  return 0;
}

SysResult sys_setrlimit(Task& task, std::uint32_t resource, ProgramAddress limit) {
  const auto wanted = TRY(limit.load<rlimit>());
  if (resource >= RLIM_NLIMITS) return Error::from_errno(EINVAL);
  TRY(set_limit(task.process, resource, wanted));
  return 0;
}

SysResult sys_prlimit64(Task& task, std::int32_t pid, std::uint32_t resource, ProgramAddress limit,
                        ProgramAddress old_limit) {
  if (resource >= RLIM_NLIMITS) return Error::from_errno(EINVAL);
  rlimit wanted{};
  if (!limit.is_null()) wanted = TRY(limit.load<rlimit>());
  if (pid != 0) {
    const std::lock_guard guard(task.process.mutex);
    if (task.process.find_task(static_cast<std::uint32_t>(pid)) == nullptr) return Error::from_errno(ESRCH);
  }
  const rlimit old = limit_of(task.process, resource);
  if (!limit.is_null()) TRY(set_limit(task.process, resource, wanted));
  if (!old_limit.is_null()) TRY(old_limit.store(old));
  return 0;
}

SysResult sys_getrusage(Task& task, int who, ProgramAddress usage_address) {
  if (who != RUSAGE_SELF && who != RUSAGE_CHILDREN && who != RUSAGE_THREAD) return Error::from_errno(EINVAL);
  rusage usage{};
  if (who != RUSAGE_CHILDREN) {
    usage.ru_utime =
        kernel::timeval_of(who == RUSAGE_SELF ? kernel::process_cpu_time(task.process) : kernel::task_cpu_time(task));
    usage.ru_maxrss =
        static_cast<long>(std::max<std::uint64_t>(task.process.memory->usage().committed_bytes / 1024, 1));
    usage.ru_minflt = static_cast<long>(task.thread->fault_count);
  }
  TRY(usage_address.store(usage));
  return 0;
}

SysResult sys_times(Task& task, ProgramAddress buffer) {
  constexpr std::uint64_t kTick = kernel::kNanosecondsPerSecond / kTicksPerSecond;
  if (!buffer.is_null()) {
    tms ticks{};
    ticks.tms_utime = static_cast<clock_t>(kernel::process_cpu_time(task.process) / kTick);
    TRY(buffer.store(ticks));
  }
  return static_cast<std::int64_t>(core::monotonic_now() / kTick);
}
}  // namespace cloister::syscalls
