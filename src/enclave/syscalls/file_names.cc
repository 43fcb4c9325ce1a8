// SPDX-License-Identifier: Apache-2.0
// Making, removing and moving names.
#include <fcntl.h>
#include "src/enclave/syscalls/file_access.h"
#include "src/enclave/syscalls/file_handlers.h"

namespace cloister::syscalls {

SysResult sys_mkdirat(Task& task, int directory, ProgramAddress path, std::uint32_t mode) {
  const PathArgument argument = TRY(load_path(task, directory, path));
  TRY(task.process.files->make_directory(task, argument.base, argument.path, mode));
  return 0;
}
SysResult sys_mkdir(Task& task, ProgramAddress path, std::uint32_t mode) {
  return sys_mkdirat(task, AT_FDCWD, path, mode);
}

SysResult sys_mknodat(Task& task, int directory, ProgramAddress path, std::uint32_t mode, std::uint64_t) {
  const PathArgument argument = TRY(load_path(task, directory, path));
  TRY(task.process.files->make_node(task, argument.base, argument.path, mode));
  return 0;
}
SysResult sys_mknod(Task& task, ProgramAddress path, std::uint32_t mode, std::uint64_t device) {
  return sys_mknodat(task, AT_FDCWD, path, mode, device);
}

SysResult sys_unlinkat(Task& task, int directory, ProgramAddress path, int flags) {
  if ((flags & ~AT_REMOVEDIR) != 0) return Error::from_errno(EINVAL);
  const PathArgument argument = TRY(load_path(task, directory, path));
  const auto what = (flags & AT_REMOVEDIR) != 0 ? vfs::Removal::directory : vfs::Removal::file;
  TRY(task.process.files->remove(task, argument.base, argument.path, what));
  return 0;
}
SysResult sys_unlink(Task& task, ProgramAddress path) { return sys_unlinkat(task, AT_FDCWD, path, 0); }
SysResult sys_rmdir(Task& task, ProgramAddress path) { return sys_unlinkat(task, AT_FDCWD, path, AT_REMOVEDIR); }

SysResult sys_renameat2(Task& task, int from_directory, ProgramAddress from, int to_directory, ProgramAddress to,
                        std::uint32_t flags) {
  const PathArgument source = TRY(load_path(task, from_directory, from)),
                     target = TRY(load_path(task, to_directory, to));
  TRY(task.process.files->rename(task, source.base, source.path, target.base, target.path, flags));
  return 0;
}
SysResult sys_renameat(Task& task, int from_directory, ProgramAddress from, int to_directory, ProgramAddress to) {
  return sys_renameat2(task, from_directory, from, to_directory, to, 0);
}
SysResult sys_rename(Task& task, ProgramAddress from, ProgramAddress to) {
  return sys_renameat2(task, AT_FDCWD, from, AT_FDCWD, to, 0);
}

SysResult sys_linkat(Task& task, int from_directory, ProgramAddress from, int to_directory, ProgramAddress to,
                     int flags) {
  if ((flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH)) != 0) return Error::from_errno(EINVAL);
  const ObjectArgument source = TRY(load_object(task, from_directory, from, flags));
  const PathArgument target = TRY(load_path(task, to_directory, to));
  // A descriptor has the name that /proc gives it.
  const PathArgument named = source.file ? PathArgument{"/proc/self/fd", std::to_string(from_directory)} : source.path;
  const auto last = source.file || (flags & AT_SYMLINK_FOLLOW) != 0 ? vfs::LastLink::follow : vfs::LastLink::keep;
  TRY(task.process.files->link(task, named.base, named.path, target.base, target.path, last));
  return 0;
}
SysResult sys_link(Task& task, ProgramAddress from, ProgramAddress to) {
  return sys_linkat(task, AT_FDCWD, from, AT_FDCWD, to, 0);
}

SysResult sys_symlinkat(Task& task, ProgramAddress target, int directory, ProgramAddress path) {
  const std::string text = TRY(target.load_path());
  const PathArgument argument = TRY(load_path(task, directory, path));
  TRY(task.process.files->make_link(task, text, argument.base, argument.path));
  return 0;
}
SysResult sys_symlink(Task& task, ProgramAddress target, ProgramAddress path) {
  return sys_symlinkat(task, target, AT_FDCWD, path);
}
}  // namespace cloister::syscalls
