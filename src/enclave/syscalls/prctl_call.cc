// SPDX-License-Identifier: Apache-2.0
// prctl.
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <algorithm>
#include <cstring>
#include "src/enclave/kernel/credentials.h"
#include "src/enclave/kernel/signal_queue.h"
#include "src/enclave/syscalls/task_handlers.h"

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif

namespace cloister::syscalls {
namespace {
using kernel::Credentials;
constexpr int kLastCapability = 40;

SysResult set_name(Task& task, ProgramAddress address) {
  std::array<char, 16> name{};
  for (std::size_t i = 0; i + 1 < name.size(); ++i) {
    name[i] = TRY((address + i).load<char>());
    if (name[i] == '\0') break;
  }
  const std::lock_guard guard(task.process.mutex);
  task.name = name;
  if (task.tid == task.tgid) task.process.name = name;
  return 0;
}

SysResult change_ambient(Credentials& c, std::uint64_t operation, std::uint64_t capability) {
  if (operation == PR_CAP_AMBIENT_CLEAR_ALL) {
    c.ambient = 0;
    return 0;
  }
  if (capability > kLastCapability) return Error::from_errno(EINVAL);
  const std::uint64_t bit = 1ULL << capability;
  switch (operation) {
    case PR_CAP_AMBIENT_IS_SET: return (c.ambient & bit) != 0 ? 1 : 0;
    case PR_CAP_AMBIENT_LOWER: c.ambient &= ~bit; return 0;
    case PR_CAP_AMBIENT_RAISE:
      if ((c.permitted & c.inheritable & bit) == 0) return Error::from_errno(EPERM);
      c.ambient |= bit;
      return 0;
    default: return Error::from_errno(EINVAL);
  }
}

SysResult change_credentials(Credentials& c, int option, std::uint64_t argument, std::uint64_t second) {
  switch (option) {
    case PR_GET_KEEPCAPS: return c.keep_capabilities ? 1 : 0;
    case PR_SET_KEEPCAPS:
      if (argument > 1) return Error::from_errno(EINVAL);
      c.keep_capabilities = argument != 0;
      return 0;
    case PR_CAPBSET_READ:
      if (argument > kLastCapability) return Error::from_errno(EINVAL);
      return static_cast<std::int64_t>(c.bounding >> argument & 1);
    case PR_CAPBSET_DROP:
      if (!kernel::has_capability(c, CAP_SETPCAP)) return Error::from_errno(EPERM);
      if (argument > kLastCapability) return Error::from_errno(EINVAL);
      c.bounding &= ~(1ULL << argument);
      return 0;
    case PR_CAP_AMBIENT: return change_ambient(c, argument, second);
    case PR_GET_SECUREBITS: return c.keep_capabilities ? SECBIT_KEEP_CAPS : 0;
    default: return Error::from_errno(EPERM);  // PR_SET_SECUREBITS
  }
}

SysResult change_process(kernel::Process& process, int option, std::uint64_t argument, std::uint64_t rest) {
  const std::lock_guard guard(process.mutex);
  switch (option) {
    case PR_GET_DUMPABLE: return process.dumpable;
    case PR_SET_DUMPABLE:
      if (argument > 1) return Error::from_errno(EINVAL);
      process.dumpable = static_cast<int>(argument);
      return 0;
    case PR_SET_NO_NEW_PRIVS:
      if (argument != 1 || rest != 0) return Error::from_errno(EINVAL);
      process.no_new_privileges = true;
      return 0;
    case PR_GET_NO_NEW_PRIVS:
      if (argument != 0 || rest != 0) return Error::from_errno(EINVAL);
      return process.no_new_privileges ? 1 : 0;
    default: return change_credentials(process.credentials, option, argument, rest);
  }
}
}  // namespace

SysResult sys_prctl(Task& task, int option, std::uint64_t a2, std::uint64_t a3, std::uint64_t a4, std::uint64_t a5) {
  switch (option) {
    case PR_SET_NAME: return set_name(task, ProgramAddress{a2});
    case PR_GET_NAME: TRY(ProgramAddress{a2}.store(task.name)); return 0;
    case PR_SET_PDEATHSIG:
      if (a2 > kernel::kLastSignal) return Error::from_errno(EINVAL);
      task.death_signal = static_cast<int>(a2);
      return 0;
    case PR_GET_PDEATHSIG: TRY(ProgramAddress{a2}.store(std::int32_t{task.death_signal})); return 0;
    case PR_SET_TIMERSLACK: task.timer_slack = a2 != 0 ? a2 : 50'000; return 0;
    case PR_GET_TIMERSLACK: return static_cast<std::int64_t>(std::min<std::uint64_t>(task.timer_slack, INT64_MAX));
    case PR_GET_TIMING: return 0;
    case PR_SET_TIMING: return a2 == PR_TIMING_STATISTICAL ? SysResult(0) : Error::from_errno(EINVAL);
    case PR_GET_SECCOMP: return 0;
    case PR_SET_THP_DISABLE: return 0;
    case PR_GET_THP_DISABLE: return 0;
    case PR_SET_PTRACER: return 0;
    case PR_SET_VMA: return 0;  // a name for a mapping, for people who look at maps
    case PR_GET_TSC: TRY(ProgramAddress{a2}.store(std::int32_t{PR_TSC_ENABLE})); return 0;
    case PR_SET_TSC: return a2 == PR_TSC_ENABLE ? SysResult(0) : Error::from_errno(EINVAL);
    case PR_SET_CHILD_SUBREAPER: return 0;
    case PR_GET_CHILD_SUBREAPER: TRY(ProgramAddress{a2}.store(std::int32_t{0})); return 0;
    case PR_GET_TID_ADDRESS: TRY(ProgramAddress{a2}.store(task.clear_child_tid)); return 0;
    case PR_GET_DUMPABLE:
    case PR_SET_DUMPABLE: return change_process(task.process, option, a2, 0);
    case PR_SET_NO_NEW_PRIVS:
    case PR_GET_NO_NEW_PRIVS: return change_process(task.process, option, a2, a3 | a4 | a5);
    case PR_CAP_AMBIENT:
    case PR_GET_KEEPCAPS:
    case PR_SET_KEEPCAPS:
    case PR_CAPBSET_READ:
    case PR_CAPBSET_DROP:
    case PR_GET_SECUREBITS:
    case PR_SET_SECUREBITS: return change_process(task.process, option, a2, a3);
    default: return Error::from_errno(EINVAL);
  }
}
}  // namespace cloister::syscalls
