// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/syscalls/file_lock.h"
#include <fcntl.h>
#include <sys/file.h>
#include "src/enclave/syscalls/file_access.h"
#include "src/enclave/syscalls/file_handlers.h"
#include "src/enclave/vfs/locks.h"

namespace cloister::syscalls {
namespace {
using vfs::LockType;

Result<LockType> type_of(int type) {
  switch (type) {
    case F_RDLCK: return LockType::read;
    case F_WRLCK: return LockType::write;
    case F_UNLCK: return LockType::none;
    default: return Error::from_errno(EINVAL);
  }
}

// As the kernel's flock_to_posix_lock.
Result<vfs::LockRange> range_of(vfs::OpenFile& file, const struct flock& lock) {
  std::int64_t start = 0;
  switch (lock.l_whence) {
    case SEEK_SET: break;
    case SEEK_CUR: start = TRY(file.seek(0, SEEK_CUR)); break;
    case SEEK_END: start = TRY(file.status()).st_size; break;
    default: return Error::from_errno(EINVAL);
  }
  if (__builtin_add_overflow(start, lock.l_start, &start)) return Error::from_errno(EOVERFLOW);
  if (start < 0) return Error::from_errno(EINVAL);
  vfs::LockRange range{static_cast<std::uint64_t>(start), ~0ULL};
  if (lock.l_len > 0) {
    std::int64_t end;
    if (__builtin_add_overflow(start, lock.l_len - 1, &end)) return Error::from_errno(EOVERFLOW);
    range.end = static_cast<std::uint64_t>(end);
  } else if (lock.l_len < 0) {
    if (lock.l_len < -start) return Error::from_errno(EINVAL);
    range.end = range.start - 1;
    range.start = static_cast<std::uint64_t>(start + lock.l_len);
  }
  return range;
}

SysResult report_conflict(Task& task, vfs::OpenFile& file, vfs::LockOwner owner, LockType type, vfs::LockRange range,
                          struct flock lock, ProgramAddress address) {
  const auto found = TRY(vfs::find_conflict(task, file, owner, type, range));
  if (found.has_value()) {
    lock.l_type = found->type == LockType::read ? F_RDLCK : F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = static_cast<off_t>(found->range.start);
    lock.l_len = found->range.end >= INT64_MAX ? 0 : static_cast<off_t>(found->range.end - found->range.start + 1);
    lock.l_pid = found->kind == vfs::LockOwner::process ? static_cast<pid_t>(found->pid) : -1;
  } else {
    lock.l_type = F_UNLCK;
  }
  TRY(address.store(lock));
  return 0;
}
}  // namespace

SysResult control_lock(Task& task, vfs::OpenFile& file, int command, ProgramAddress address) {
  const auto lock = TRY(address.load<struct flock>());
  const bool of_description = command == F_OFD_GETLK || command == F_OFD_SETLK || command == F_OFD_SETLKW;
  const auto owner = of_description ? vfs::LockOwner::description : vfs::LockOwner::process;
  if (of_description && lock.l_pid != 0) return Error::from_errno(EINVAL);
  const LockType type = TRY(type_of(lock.l_type));
  const vfs::LockRange range = TRY(range_of(file, lock));
  if (command == F_GETLK || command == F_OFD_GETLK) {
    if (type == LockType::none) return Error::from_errno(EINVAL);
    return report_conflict(task, file, owner, type, range, lock, address);
  }
  if ((type == LockType::read && !file.readable) || (type == LockType::write && !file.writable))
    return Error::from_errno(EBADF);
  const auto waiting = command == F_SETLKW || command == F_OFD_SETLKW ? vfs::Waiting::allowed : vfs::Waiting::forbidden;
  TRY(vfs::set_record_lock(task, file, owner, type, range, waiting));
  return 0;
}

SysResult sys_flock(Task& task, int descriptor, int operation) {
  const vfs::FileRef file = TRY(find_file(task, descriptor));
  if ((operation & LOCK_MAND) != 0) return 0;  // Linux gave these up and does as if it had locked
  LockType type;
  switch (operation & ~LOCK_NB) {
    case LOCK_SH: type = LockType::read; break;
    case LOCK_EX: type = LockType::write; break;
    case LOCK_UN: type = LockType::none; break;
    default: return Error::from_errno(EINVAL);
  }
  TRY(vfs::set_whole_lock(task, *file, type,
                          (operation & LOCK_NB) != 0 ? vfs::Waiting::forbidden : vfs::Waiting::allowed));
  return 0;
}
}  // namespace cloister::syscalls
