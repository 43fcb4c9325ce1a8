// SPDX-License-Identifier: Apache-2.0
// Descriptors themselves: duplicates and flags.
#include <fcntl.h>
#include "src/enclave/syscalls/file_access.h"
#include "src/enclave/syscalls/file_handlers.h"
#include "src/enclave/syscalls/file_lock.h"
#include "src/enclave/vfs/tmpfs_file.h"

namespace cloister::syscalls {
namespace {
using kernel::CloseOnExec;

std::uint64_t descriptor_limit(Task& task) {
  const std::lock_guard guard(task.process.mutex);
  return task.process.limits[RLIMIT_NOFILE].rlim_cur;
}

SysResult duplicate(Task& task, vfs::FileRef file, std::uint64_t minimum, CloseOnExec close_on_exec) {
  if (minimum >= descriptor_limit(task) || minimum > INT32_MAX) return Error::from_errno(EINVAL);
  return TRY(task.process.descriptors.install(std::move(file), close_on_exec, static_cast<int>(minimum)));
}

SysResult control_seals(vfs::OpenFile& file, int command, std::uint64_t argument) {
  vfs::TmpfsFile* const memory = file.as_memory_file();
  if (memory == nullptr) return Error::from_errno(EINVAL);
  if (command == F_GET_SEALS) return memory->seals();
  if (!file.writable) return Error::from_errno(EPERM);
  TRY(memory->add_seals(static_cast<std::uint32_t>(argument)));
  return 0;
}

SysResult get_flags(const vfs::OpenFile& file) {
  std::uint32_t flags = file.status_flags.load(std::memory_order_relaxed) & ~static_cast<std::uint32_t>(O_ACCMODE);
  if ((flags & O_PATH) == 0) flags |= file.writable ? (file.readable ? O_RDWR : O_WRONLY) : O_RDONLY;
  return flags;
}
}  // namespace

SysResult sys_dup(Task& task, int descriptor) {
  return TRY(task.process.descriptors.install(TRY(find_any_file(task, descriptor)), CloseOnExec::no));
}

SysResult sys_dup2(Task& task, int descriptor, int target) {
  vfs::FileRef file = TRY(find_any_file(task, descriptor));
  if (descriptor == target) return target;
  return TRY(task.process.descriptors.install_at(std::move(file), target, CloseOnExec::no));
}

SysResult sys_dup3(Task& task, int descriptor, int target, std::uint32_t flags) {
  if ((flags & ~static_cast<std::uint32_t>(O_CLOEXEC)) != 0 || descriptor == target) return Error::from_errno(EINVAL);
  const auto close_on_exec = flags != 0 ? CloseOnExec::yes : CloseOnExec::no;
  return TRY(task.process.descriptors.install_at(TRY(find_any_file(task, descriptor)), target, close_on_exec));
}

SysResult sys_fcntl(Task& task, int descriptor, int command, std::uint64_t argument) {
  kernel::DescriptorTable& table = task.process.descriptors;
  vfs::FileRef file = TRY(find_any_file(task, descriptor));
  switch (command) {  // these also with O_PATH
    case F_DUPFD: return duplicate(task, std::move(file), argument, CloseOnExec::no);
    case F_DUPFD_CLOEXEC: return duplicate(task, std::move(file), argument, CloseOnExec::yes);
    case F_GETFD: return TRY(table.close_on_exec(descriptor)) == CloseOnExec::yes ? FD_CLOEXEC : 0;
    case F_SETFD:
      TRY(table.set_close_on_exec(descriptor, (argument & FD_CLOEXEC) != 0 ? CloseOnExec::yes : CloseOnExec::no));
      return 0;
    case F_GETFL: return get_flags(*file);
    default: break;
  }
  TRY(find_file(task, descriptor));
  switch (command) {
    case F_SETFL: TRY(file->set_status_flags(static_cast<std::uint32_t>(argument))); return 0;
    case F_GETLK:
    case F_SETLK:
    case F_SETLKW:
    case F_OFD_GETLK:
    case F_OFD_SETLK:
    case F_OFD_SETLKW: return control_lock(task, *file, command, {argument});
    case F_ADD_SEALS:
    case F_GET_SEALS: return control_seals(*file, command, argument);
    case F_GETPIPE_SZ: return TRY(file->pipe_capacity());
    case F_SETPIPE_SZ: return TRY(file->set_pipe_capacity(argument));
    case F_GETLEASE: return F_UNLCK;
    case F_GETOWN:
    case F_GETSIG: return 0;  // nobody is signalled
    default: return Error::from_errno(EINVAL);
  }
}
}  // namespace cloister::syscalls
