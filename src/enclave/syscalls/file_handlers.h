// SPDX-License-Identifier: Apache-2.0
// Handlers for files, directories and paths. Trusted, kernel storey.
#pragma once
#include "src/enclave/syscalls/handlers.h"

namespace cloister::syscalls {
// file_open.cc
SysResult sys_open(Task& task, ProgramAddress path, std::uint32_t flags, std::uint32_t mode);
SysResult sys_openat(Task& task, int directory, ProgramAddress path, std::uint32_t flags, std::uint32_t mode);
SysResult sys_openat2(Task& task, int directory, ProgramAddress path, ProgramAddress how_address, std::uint64_t size);
SysResult sys_creat(Task& task, ProgramAddress path, std::uint32_t mode);
SysResult sys_close(Task& task, int descriptor);
SysResult sys_close_range(Task& task, std::uint32_t first, std::uint32_t last, std::uint32_t flags);
SysResult sys_memfd_create(Task& task, ProgramAddress name_address, std::uint32_t flags);
// file_data.cc
SysResult sys_read(Task& task, int descriptor, ProgramAddress to, std::uint64_t size);
SysResult sys_write(Task& task, int descriptor, ProgramAddress from, std::uint64_t size);
SysResult sys_pread64(Task& task, int descriptor, ProgramAddress to, std::uint64_t size, std::int64_t offset);
SysResult sys_pwrite64(Task& task, int descriptor, ProgramAddress from, std::uint64_t size, std::int64_t offset);
SysResult sys_readv(Task& task, int descriptor, ProgramAddress vector, std::uint64_t count);
SysResult sys_writev(Task& task, int descriptor, ProgramAddress vector, std::uint64_t count);
SysResult sys_preadv(Task& task, int descriptor, ProgramAddress vector, std::uint64_t count, std::int64_t offset);
SysResult sys_pwritev(Task& task, int descriptor, ProgramAddress vector, std::uint64_t count, std::int64_t offset);
SysResult sys_preadv2(Task& task, int descriptor, ProgramAddress vector, std::uint64_t count, std::int64_t offset,
                      std::uint64_t high, std::uint32_t flags);
SysResult sys_pwritev2(Task& task, int descriptor, ProgramAddress vector, std::uint64_t count, std::int64_t offset,
                       std::uint64_t high, std::uint32_t flags);
SysResult sys_lseek(Task& task, int descriptor, std::int64_t offset, int whence);
// file_copy.cc
SysResult sys_sendfile(Task& task, int to, int from, ProgramAddress offset_address, std::uint64_t size);
SysResult sys_copy_file_range(Task& task, int from, ProgramAddress from_offset, int to, ProgramAddress to_offset,
                              std::uint64_t size, std::uint32_t flags);
// file_descriptor.cc
SysResult sys_dup(Task& task, int descriptor);
SysResult sys_dup2(Task& task, int descriptor, int target);
SysResult sys_dup3(Task& task, int descriptor, int target, std::uint32_t flags);
SysResult sys_fcntl(Task& task, int descriptor, int command, std::uint64_t argument);
// file_lock.cc
SysResult sys_flock(Task& task, int descriptor, int operation);
// file_status.cc
SysResult sys_stat(Task& task, ProgramAddress path, ProgramAddress status);
SysResult sys_lstat(Task& task, ProgramAddress path, ProgramAddress status);
SysResult sys_fstat(Task& task, int descriptor, ProgramAddress status);
SysResult sys_newfstatat(Task& task, int directory, ProgramAddress path, ProgramAddress status, int flags);
SysResult sys_statx(Task& task, int directory, ProgramAddress path, int flags, std::uint32_t mask,
                    ProgramAddress status);
SysResult sys_statfs(Task& task, ProgramAddress path, ProgramAddress status);
SysResult sys_fstatfs(Task& task, int descriptor, ProgramAddress status);
SysResult sys_access(Task& task, ProgramAddress path, std::uint32_t mode);
SysResult sys_faccessat(Task& task, int directory, ProgramAddress path, std::uint32_t mode);
SysResult sys_faccessat2(Task& task, int directory, ProgramAddress path, std::uint32_t mode, int flags);
SysResult sys_readlink(Task& task, ProgramAddress path, ProgramAddress buffer, int size);
SysResult sys_readlinkat(Task& task, int directory, ProgramAddress path, ProgramAddress buffer, int size);
// file_directory.cc
SysResult sys_getdents(Task& task, int descriptor, ProgramAddress buffer, std::uint32_t size);
SysResult sys_getdents64(Task& task, int descriptor, ProgramAddress buffer, std::uint32_t size);
SysResult sys_getcwd(Task& task, ProgramAddress buffer, std::uint64_t size);
SysResult sys_chdir(Task& task, ProgramAddress path);
SysResult sys_fchdir(Task& task, int descriptor);
SysResult sys_umask(Task& task, std::uint32_t mask);
SysResult sys_chroot(Task& task, ProgramAddress path);
// file_names.cc
SysResult sys_mkdir(Task& task, ProgramAddress path, std::uint32_t mode);
SysResult sys_mkdirat(Task& task, int directory, ProgramAddress path, std::uint32_t mode);
SysResult sys_mknod(Task& task, ProgramAddress path, std::uint32_t mode, std::uint64_t device);
SysResult sys_mknodat(Task& task, int directory, ProgramAddress path, std::uint32_t mode, std::uint64_t device);
SysResult sys_rmdir(Task& task, ProgramAddress path);
SysResult sys_unlink(Task& task, ProgramAddress path);
SysResult sys_unlinkat(Task& task, int directory, ProgramAddress path, int flags);
SysResult sys_rename(Task& task, ProgramAddress from, ProgramAddress to);
SysResult sys_renameat(Task& task, int from_directory, ProgramAddress from, int to_directory, ProgramAddress to);
SysResult sys_renameat2(Task& task, int from_directory, ProgramAddress from, int to_directory, ProgramAddress to,
                        std::uint32_t flags);
SysResult sys_link(Task& task, ProgramAddress from, ProgramAddress to);
SysResult sys_linkat(Task& task, int from_directory, ProgramAddress from, int to_directory, ProgramAddress to,
                     int flags);
SysResult sys_symlink(Task& task, ProgramAddress target, ProgramAddress path);
SysResult sys_symlinkat(Task& task, ProgramAddress target, int directory, ProgramAddress path);
// file_attributes.cc
SysResult sys_chmod(Task& task, ProgramAddress path, std::uint32_t mode);
SysResult sys_fchmod(Task& task, int descriptor, std::uint32_t mode);
SysResult sys_fchmodat(Task& task, int directory, ProgramAddress path, std::uint32_t mode);
SysResult sys_chown(Task& task, ProgramAddress path, std::uint32_t user, std::uint32_t group);
SysResult sys_lchown(Task& task, ProgramAddress path, std::uint32_t user, std::uint32_t group);
SysResult sys_fchown(Task& task, int descriptor, std::uint32_t user, std::uint32_t group);
SysResult sys_fchownat(Task& task, int directory, ProgramAddress path, std::uint32_t user, std::uint32_t group,
                       int flags);
SysResult sys_utime(Task& task, ProgramAddress path, ProgramAddress times);
SysResult sys_utimes(Task& task, ProgramAddress path, ProgramAddress times);
SysResult sys_futimesat(Task& task, int directory, ProgramAddress path, ProgramAddress times);
SysResult sys_utimensat(Task& task, int directory, ProgramAddress path, ProgramAddress times, int flags);
// file_space.cc
SysResult sys_truncate(Task& task, ProgramAddress path, std::int64_t size);
SysResult sys_ftruncate(Task& task, int descriptor, std::int64_t size);
SysResult sys_fallocate(Task& task, int descriptor, int mode, std::int64_t offset, std::int64_t size);
SysResult sys_fsync(Task& task, int descriptor);
SysResult sys_fdatasync(Task& task, int descriptor);
SysResult sys_sync(Task& task);
SysResult sys_syncfs(Task& task, int descriptor);
SysResult sys_sync_file_range(Task& task, int descriptor, std::int64_t offset, std::int64_t size, std::uint32_t flags);
SysResult sys_fadvise64(Task& task, int descriptor, std::int64_t offset, std::int64_t size, int advice);
SysResult sys_readahead(Task& task, int descriptor, std::int64_t offset, std::uint64_t size);
// file_extended_attributes.cc
SysResult sys_setxattr(Task& task, ProgramAddress path, ProgramAddress name, ProgramAddress value, std::uint64_t size,
                       int flags);
SysResult sys_lsetxattr(Task& task, ProgramAddress path, ProgramAddress name, ProgramAddress value, std::uint64_t size,
                        int flags);
SysResult sys_fsetxattr(Task& task, int descriptor, ProgramAddress name, ProgramAddress value, std::uint64_t size,
                        int flags);
SysResult sys_getxattr(Task& task, ProgramAddress path, ProgramAddress name, ProgramAddress value, std::uint64_t size);
SysResult sys_lgetxattr(Task& task, ProgramAddress path, ProgramAddress name, ProgramAddress value, std::uint64_t size);
SysResult sys_fgetxattr(Task& task, int descriptor, ProgramAddress name, ProgramAddress value, std::uint64_t size);
SysResult sys_listxattr(Task& task, ProgramAddress path, ProgramAddress list, std::uint64_t size);
SysResult sys_llistxattr(Task& task, ProgramAddress path, ProgramAddress list, std::uint64_t size);
SysResult sys_flistxattr(Task& task, int descriptor, ProgramAddress list, std::uint64_t size);
SysResult sys_removexattr(Task& task, ProgramAddress path, ProgramAddress name);
SysResult sys_lremovexattr(Task& task, ProgramAddress path, ProgramAddress name);
SysResult sys_fremovexattr(Task& task, int descriptor, ProgramAddress name);
}  // namespace cloister::syscalls
