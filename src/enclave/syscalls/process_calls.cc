// SPDX-License-Identifier: Apache-2.0
// Processes: their ids, groups and sessions, and the children that do not exist yet.
#include <algorithm>
#include <cstdio>
#include <mutex>
#include <vector>
#include "src/enclave/core/host_call.h"
#include "src/enclave/syscalls/not_served.h"
#include "src/enclave/syscalls/task_handlers.h"

namespace cloister::syscalls {
namespace {
bool is_self(const Task& task, std::int32_t pid) {
  return pid == 0 || pid == static_cast<std::int32_t>(task.process.pid);
}
}  // namespace

SysResult not_served(const char* what) {
  static std::mutex mutex;
  static std::vector<const char*> reported;
  const std::lock_guard guard(mutex);
  if (std::find(reported.begin(), reported.end(), what) == reported.end()) {
    reported.push_back(what);
    char line[128];
    const int size =
        std::snprintf(line, sizeof line, "cloister: %s is not served yet; the program gets ENOSYS\n", what);
    core::print_to_host(core::PrintStream::error, line, static_cast<std::size_t>(size));
  }
  return Error::from_errno(ENOSYS);
}

SysResult sys_fork(Task&) { return not_served("fork"); }
SysResult sys_vfork(Task&) { return not_served("vfork"); }
SysResult sys_execve(Task&, ProgramAddress, ProgramAddress, ProgramAddress) { return not_served("execve"); }
SysResult sys_execveat(Task&, int, ProgramAddress, ProgramAddress, ProgramAddress, int) {
  return not_served("execveat");
}

SysResult sys_wait4(Task&, std::int32_t pid, ProgramAddress, int options, ProgramAddress) {
  constexpr int kOptions = 0xe000'000b;  // WNOHANG, WUNTRACED, WCONTINUED and Linux's own
  if ((options & ~kOptions) != 0) return Error::from_errno(EINVAL);
  return Error::from_errno(pid == INT32_MIN ? ESRCH : ECHILD);  // a group that has no number
}
SysResult sys_waitid(Task&, int which, std::int32_t, ProgramAddress, int options, ProgramAddress) {
  constexpr int kWhat = 0x0e;  // WSTOPPED, WEXITED, WCONTINUED
  return Error::from_errno((options & kWhat) == 0 || which < 0 || which > 3 ? EINVAL : ECHILD);
}

SysResult sys_getpid(Task& task) { return task.tgid; }
SysResult sys_getppid(Task& task) { return task.process.parent_pid; }
SysResult sys_getpgrp(Task& task) { return task.process.process_group; }

SysResult sys_getpgid(Task& task, std::int32_t pid) {
  if (!is_self(task, pid)) return Error::from_errno(ESRCH);
  return task.process.process_group;
}

SysResult sys_getsid(Task& task, std::int32_t pid) {
  if (!is_self(task, pid)) return Error::from_errno(ESRCH);
  return task.process.session;
}

SysResult sys_setpgid(Task& task, std::int32_t pid, std::int32_t group) {
  if (group < 0) return Error::from_errno(EINVAL);
  if (!is_self(task, pid)) return Error::from_errno(ESRCH);
  kernel::Process& process = task.process;
  if (process.session == process.pid) return Error::from_errno(EPERM);
  if (group != 0 && group != static_cast<std::int32_t>(process.pid)) return Error::from_errno(EPERM);
  process.process_group = process.pid;
  return 0;
}

SysResult sys_setsid(Task& task) {
  kernel::Process& process = task.process;
  if (process.process_group == process.pid) return Error::from_errno(EPERM);
  process.process_group = process.session = process.pid;
  return process.session;
}
}  // namespace cloister::syscalls
