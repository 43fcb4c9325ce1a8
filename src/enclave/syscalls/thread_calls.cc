// SPDX-License-Identifier: Apache-2.0
// Threads: clone and clone3, their ends, and what their library tells the kernel.
#include <linux/sched.h>
#include "src/enclave/kernel/process_end.h"
#include "src/enclave/kernel/task_end.h"
#include "src/enclave/kernel/task_start.h"
#include "src/enclave/syscalls/not_served.h"
#include "src/enclave/syscalls/task_handlers.h"

namespace cloister::syscalls {
namespace {
constexpr std::uint64_t kThread = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD;
constexpr std::uint64_t kThreadOptions = CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID |
                                         CLONE_CHILD_CLEARTID | CLONE_DETACHED | CLONE_UNTRACED | CLONE_PTRACE |
                                         CLONE_IO;
constexpr std::uint64_t kNamespaces =
    CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
constexpr std::size_t kRobustListHeadSize = 24;

SysResult clone_task(Task& task, const kernel::ThreadRequest& request) {
  const std::uint64_t flags = request.flags;
  if ((flags & CLONE_SIGHAND) != 0 && (flags & CLONE_VM) == 0) return Error::from_errno(EINVAL);
  if ((flags & CLONE_THREAD) != 0 && (flags & CLONE_SIGHAND) == 0) return Error::from_errno(EINVAL);
  if ((flags & kNamespaces) != 0) return Error::from_errno(EPERM);
  if ((flags & CLONE_THREAD) == 0) return not_served("clone (a new process)");
  if ((flags & kThread) != kThread || (flags & ~(kThread | kThreadOptions)) != 0) return Error::from_errno(EINVAL);
  return TRY(kernel::start_thread(task, request));
}

// struct clone_args, version 2.
struct CloneArguments {
  std::uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
};
constexpr std::size_t kFirstCloneSize = 64;

// What a newer program adds must be zero.
Result<CloneArguments> load_clone_arguments(ProgramAddress address, std::uint64_t size) {
  if (size > 4096) return Error::from_errno(E2BIG);
  if (size < kFirstCloneSize) return Error::from_errno(EINVAL);
  CloneArguments arguments{};
  TRY(address.read(&arguments, size < sizeof arguments ? size : sizeof arguments));
  for (std::uint64_t offset = sizeof arguments; offset < size; ++offset)
    if (TRY((address + offset).load<std::uint8_t>()) != 0) return Error::from_errno(E2BIG);
  return arguments;
}
}  // namespace

SysResult sys_clone(Task& task, std::uint64_t flags, std::uint64_t stack, ProgramAddress parent_tid,
                    ProgramAddress child_tid, std::uint64_t tls) {
  return clone_task(task, {flags & 0xffff'ff00, stack, tls, parent_tid, child_tid});
}

SysResult sys_clone3(Task& task, ProgramAddress address, std::uint64_t size) {
  const CloneArguments arguments = TRY(load_clone_arguments(address, size));
  constexpr std::uint64_t kSignalBits = 0xff & ~std::uint64_t{CLONE_NEWTIME};
  if ((arguments.flags & (kSignalBits | CLONE_DETACHED)) != 0) return Error::from_errno(EINVAL);
  if ((arguments.flags & CLONE_THREAD) != 0 && arguments.exit_signal != 0) return Error::from_errno(EINVAL);
  if (arguments.set_tid_size != 0) return Error::from_errno(EPERM);
  if ((arguments.stack == 0) != (arguments.stack_size == 0)) return Error::from_errno(EINVAL);
  return clone_task(task, {arguments.flags, arguments.stack + arguments.stack_size, arguments.tls,
                           ProgramAddress{arguments.parent_tid}, ProgramAddress{arguments.child_tid}});
}

SysResult sys_exit(Task& task, int status) {
  kernel::begin_task_end(task, status);
  return 0;
}

SysResult sys_exit_group(Task& task, int status) { kernel::end_process(task.process, status); }

SysResult sys_gettid(Task& task) { return task.tid; }

SysResult sys_set_tid_address(Task& task, ProgramAddress address) {
  task.clear_child_tid = address.value;
  return task.tid;
}

SysResult sys_set_robust_list(Task& task, ProgramAddress head, std::uint64_t size) {
  if (size != kRobustListHeadSize) return Error::from_errno(EINVAL);
  task.robust_list = head.value;
  return 0;
}

SysResult sys_get_robust_list(Task& task, std::int32_t tid, ProgramAddress head, ProgramAddress size) {
  std::uint64_t list;
  {
    const std::lock_guard guard(task.process.mutex);
    const Task* const other = tid == 0 ? &task : task.process.find_task(static_cast<std::uint32_t>(tid));
    if (other == nullptr) return Error::from_errno(ESRCH);
    list = other->robust_list;
  }
  TRY(size.store(std::uint64_t{kRobustListHeadSize}));
  TRY(head.store(list));
  return 0;
}
}  // namespace cloister::syscalls
