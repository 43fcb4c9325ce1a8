// SPDX-License-Identifier: Apache-2.0
// Extended attributes: no file system here has any, so that reading and writing one is EOPNOTSUPP and lists are empty.
#include <fcntl.h>
#include "src/enclave/syscalls/file_access.h"
#include "src/enclave/syscalls/file_handlers.h"

namespace cloister::syscalls {
namespace {
Result<void> check_path(Task& task, ProgramAddress path, vfs::LastLink last) {
  const PathArgument argument = TRY(load_path(task, AT_FDCWD, path));
  TRY(task.process.files->status(task, argument.base, argument.path, last));
  return {};
}
SysResult refuse(Task& task, ProgramAddress path, vfs::LastLink last) {
  TRY(check_path(task, path, last));
  return Error::from_errno(EOPNOTSUPP);
}
SysResult refuse(Task& task, int descriptor) {
  TRY(find_file(task, descriptor));
  return Error::from_errno(EOPNOTSUPP);
}
using vfs::LastLink;
}  // namespace

SysResult sys_setxattr(Task& task, ProgramAddress path, ProgramAddress, ProgramAddress, std::uint64_t, int) {
  return refuse(task, path, LastLink::follow);
}
SysResult sys_lsetxattr(Task& task, ProgramAddress path, ProgramAddress, ProgramAddress, std::uint64_t, int) {
  return refuse(task, path, LastLink::keep);
}
SysResult sys_fsetxattr(Task& task, int descriptor, ProgramAddress, ProgramAddress, std::uint64_t, int) {
  return refuse(task, descriptor);
}
SysResult sys_getxattr(Task& task, ProgramAddress path, ProgramAddress, ProgramAddress, std::uint64_t) {
  return refuse(task, path, LastLink::follow);
}
SysResult sys_lgetxattr(Task& task, ProgramAddress path, ProgramAddress, ProgramAddress, std::uint64_t) {
  return refuse(task, path, LastLink::keep);
}
SysResult sys_fgetxattr(Task& task, int descriptor, ProgramAddress, ProgramAddress, std::uint64_t) {
  return refuse(task, descriptor);
}
SysResult sys_listxattr(Task& task, ProgramAddress path, ProgramAddress, std::uint64_t) {
  TRY(check_path(task, path, LastLink::follow));
  return 0;
}
SysResult sys_llistxattr(Task& task, ProgramAddress path, ProgramAddress, std::uint64_t) {
  TRY(check_path(task, path, LastLink::keep));
  return 0;
}
SysResult sys_flistxattr(Task& task, int descriptor, ProgramAddress, std::uint64_t) {
  TRY(find_file(task, descriptor));
  return 0;
}
SysResult sys_removexattr(Task& task, ProgramAddress path, ProgramAddress) {
  return refuse(task, path, LastLink::follow);
}
SysResult sys_lremovexattr(Task& task, ProgramAddress path, ProgramAddress) {
  return refuse(task, path, LastLink::keep);
}
SysResult sys_fremovexattr(Task& task, int descriptor, ProgramAddress) { return refuse(task, descriptor); }
}  // namespace cloister::syscalls
