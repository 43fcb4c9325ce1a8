// SPDX-License-Identifier: Apache-2.0
// What files are: stat and its relatives, access, symbolic links.
#include <fcntl.h>
#include <sys/sysmacros.h>
#include <algorithm>
#include "src/enclave/syscalls/file_access.h"
#include "src/enclave/syscalls/file_handlers.h"

namespace cloister::syscalls {
namespace {
using vfs::LastLink;

Result<struct stat> status_of(Task& task, int descriptor) {
  const UsedFile file(task, descriptor);
  if (!file) return Error::from_errno(EBADF);
  return file->status();
}

// fstat, as C libraries write it: no path to copy, no directory to look at.
bool names_the_descriptor(int directory, ProgramAddress path, int flags) {
  if ((flags & AT_EMPTY_PATH) == 0 || directory < 0) return false;
  const auto first = path.load<char>();
  return path.is_null() || (first.ok() && first.value() == '\0');
}

Result<struct stat> status_at(Task& task, int directory, ProgramAddress path, int flags) {
  if (names_the_descriptor(directory, path, flags)) return status_of(task, directory);
  const ObjectArgument object = TRY(load_object(task, directory, path, flags));
  if (object.file) return object.file->status();
  return task.process.files->status(task, object.path.base, object.path.path, last_link(flags, AT_SYMLINK_NOFOLLOW));
}

struct statx extended(const struct stat& from) {
  const auto time = [](const struct timespec& value) {
    return statx_timestamp{value.tv_sec, static_cast<std::uint32_t>(value.tv_nsec), 0};
  };
  struct statx to = {};
  to.stx_mask = STATX_BASIC_STATS;
  to.stx_blksize = static_cast<std::uint32_t>(from.st_blksize);
  to.stx_nlink = static_cast<std::uint32_t>(from.st_nlink);
  to.stx_uid = from.st_uid;
  to.stx_gid = from.st_gid;
  to.stx_mode = static_cast<std::uint16_t>(from.st_mode);
  to.stx_ino = from.st_ino;
  to.stx_size = static_cast<std::uint64_t>(from.st_size);
  to.stx_blocks = static_cast<std::uint64_t>(from.st_blocks);
  to.stx_atime = time(from.st_atim);
  to.stx_ctime = time(from.st_ctim);
  to.stx_mtime = time(from.st_mtim);
  to.stx_rdev_major = major(from.st_rdev);
  to.stx_rdev_minor = minor(from.st_rdev);
  to.stx_dev_major = major(from.st_dev);
  to.stx_dev_minor = minor(from.st_dev);
  return to;
}

SysResult check_access(Task& task, int directory, ProgramAddress path, std::uint32_t mode, int flags) {
  if ((mode & ~7u) != 0 || (flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) != 0)
    return Error::from_errno(EINVAL);
  ObjectArgument object = TRY(load_object(task, directory, path, flags));
  if (object.file) object.path = {"/", object.file->path()};
  const auto ids = (flags & AT_EACCESS) != 0 ? vfs::Namespace::Ids::effective : vfs::Namespace::Ids::real;
  TRY(task.process.files->check_access(task, object.path.base, object.path.path, mode, ids,
                                       last_link(flags, AT_SYMLINK_NOFOLLOW)));
  return 0;
}
}  // namespace

SysResult sys_newfstatat(Task& task, int directory, ProgramAddress path, ProgramAddress status, int flags) {
  if ((flags & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH)) != 0) return Error::from_errno(EINVAL);
  TRY(status.store(TRY(status_at(task, directory, path, flags))));
  return 0;
}
SysResult sys_stat(Task& task, ProgramAddress path, ProgramAddress status) {
  return sys_newfstatat(task, AT_FDCWD, path, status, 0);
}
SysResult sys_lstat(Task& task, ProgramAddress path, ProgramAddress status) {
  return sys_newfstatat(task, AT_FDCWD, path, status, AT_SYMLINK_NOFOLLOW);
}
SysResult sys_fstat(Task& task, int descriptor, ProgramAddress status) {
  TRY(status.store(TRY(status_of(task, descriptor))));
  return 0;
}

SysResult sys_statx(Task& task, int directory, ProgramAddress path, int flags, std::uint32_t mask,
                    ProgramAddress status) {
  constexpr int kFlags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE;
  if ((flags & ~kFlags) != 0 || (flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE || (mask & STATX__RESERVED) != 0)
    return Error::from_errno(EINVAL);
  TRY(status.store(extended(TRY(status_at(task, directory, path, flags)))));
  return 0;
}

SysResult sys_statfs(Task& task, ProgramAddress path, ProgramAddress status) {
  const PathArgument argument = TRY(load_path(task, AT_FDCWD, path));
  TRY(status.store(TRY(task.process.files->filesystem_status(task, argument.base, argument.path))));
  return 0;
}
SysResult sys_fstatfs(Task& task, int descriptor, ProgramAddress status) {
  TRY(status.store(TRY(TRY(find_any_file(task, descriptor))->filesystem_status())));
  return 0;
}

SysResult sys_access(Task& task, ProgramAddress path, std::uint32_t mode) {
  return check_access(task, AT_FDCWD, path, mode, 0);
}
SysResult sys_faccessat(Task& task, int directory, ProgramAddress path, std::uint32_t mode) {
  return check_access(task, directory, path, mode, 0);
}
SysResult sys_faccessat2(Task& task, int directory, ProgramAddress path, std::uint32_t mode, int flags) {
  return check_access(task, directory, path, mode, flags);
}

SysResult sys_readlinkat(Task& task, int directory, ProgramAddress path, ProgramAddress buffer, int size) {
  if (size <= 0) return Error::from_errno(EINVAL);
  // An empty path names a link that is open, and never the working directory.
  const ObjectArgument object = TRY(load_object(task, directory, path, directory == AT_FDCWD ? 0 : AT_EMPTY_PATH));
  auto found = object.file ? task.process.files->read_link(task, "/", object.file->path())
                           : task.process.files->read_link(task, object.path.base, object.path.path);
  if (!found.ok() && object.file && found.error().errno_value() == EINVAL) return Error::from_errno(ENOENT);
  const std::string target = TRY(std::move(found));
  const std::size_t part = std::min(target.size(), static_cast<std::size_t>(size));
  TRY(buffer.write(target.data(), part));
  return static_cast<std::int64_t>(part);
}
SysResult sys_readlink(Task& task, ProgramAddress path, ProgramAddress buffer, int size) {
  return sys_readlinkat(task, AT_FDCWD, path, buffer, size);
}
}  // namespace cloister::syscalls
