// SPDX-License-Identifier: Apache-2.0
// Sizes of files and what reaches the disk.
#include <fcntl.h>
#include "src/enclave/core/host_call.h"
#include "src/enclave/syscalls/file_access.h"
#include "src/enclave/syscalls/file_handlers.h"
#include "src/enclave/vfs/host_calls.h"

namespace cloister::syscalls {

SysResult sys_truncate(Task& task, ProgramAddress path, std::int64_t size) {
  if (size < 0) return Error::from_errno(EINVAL);
  const PathArgument argument = TRY(load_path(task, AT_FDCWD, path));
  TRY(task.process.files->truncate(task, argument.base, argument.path, static_cast<std::uint64_t>(size)));
  return 0;
}

SysResult sys_ftruncate(Task& task, int descriptor, std::int64_t size) {
  if (size < 0) return Error::from_errno(EINVAL);
  const vfs::FileRef file = TRY(find_file(task, descriptor));
  if (!file->writable) return Error::from_errno(EINVAL);
  TRY(file->truncate(static_cast<std::uint64_t>(size)));
  return 0;
}

SysResult sys_fallocate(Task& task, int descriptor, int mode, std::int64_t offset, std::int64_t size) {
  const vfs::FileRef file = TRY(find_writable(task, descriptor));
  if (offset < 0 || size <= 0) return Error::from_errno(EINVAL);
  TRY(file->allocate(mode, static_cast<std::uint64_t>(offset), static_cast<std::uint64_t>(size)));
  return 0;
}

SysResult sys_fsync(Task& task, int descriptor) {
  TRY(TRY(find_file(task, descriptor))->synchronise(false));
  return 0;
}
SysResult sys_fdatasync(Task& task, int descriptor) {
  TRY(TRY(find_file(task, descriptor))->synchronise(true));
  return 0;
}

// Host may: do nothing, here as with every write.
SysResult sys_sync(Task&) {
  core::host_call(HostCall::sync);
  return 0;
}
SysResult sys_syncfs(Task& task, int descriptor) {
  const vfs::FileRef file = TRY(find_file(task, descriptor));
  if (file->host_descriptor < 0) return 0;  // nothing of it is on a disk
  return vfs::blocking_host_call(HostCall::syncfs, static_cast<std::uint64_t>(file->host_descriptor));
}

SysResult sys_sync_file_range(Task& task, int descriptor, std::int64_t offset, std::int64_t size, std::uint32_t flags) {
  const vfs::FileRef file = TRY(find_file(task, descriptor));
  if ((flags & ~7u) != 0 || offset < 0 || size < 0) return Error::from_errno(EINVAL);
  if (file->host_descriptor < 0)
    return S_ISREG(TRY(file->status()).st_mode) ? SysResult(0) : SysResult(Error::from_errno(ESPIPE));
  return vfs::blocking_host_call(HostCall::sync_file_range, static_cast<std::uint64_t>(file->host_descriptor),
                                 static_cast<std::uint64_t>(offset), static_cast<std::uint64_t>(size), flags);
}

// Advice that nobody needs to take.
SysResult sys_fadvise64(Task& task, int descriptor, std::int64_t, std::int64_t size, int advice) {
  const vfs::FileRef file = TRY(find_file(task, descriptor));
  if (size < 0 || advice < POSIX_FADV_NORMAL || advice > POSIX_FADV_NOREUSE) return Error::from_errno(EINVAL);
  if (S_ISFIFO(TRY(file->status()).st_mode)) return Error::from_errno(ESPIPE);
  return 0;
}
SysResult sys_readahead(Task& task, int descriptor, std::int64_t, std::uint64_t) {
  const vfs::FileRef file = TRY(find_readable(task, descriptor));
  if (!S_ISREG(TRY(file->status()).st_mode)) return Error::from_errno(EINVAL);
  return 0;
}
}  // namespace cloister::syscalls
