// SPDX-License-Identifier: Apache-2.0
// Modes, owners and times.
#include <fcntl.h>
#include <sys/time.h>
#include <utime.h>
#include "src/enclave/syscalls/file_access.h"
#include "src/enclave/syscalls/file_handlers.h"

namespace cloister::syscalls {
namespace {
struct Times {
  struct timespec value[2] = {{0, UTIME_NOW}, {0, UTIME_NOW}};
};

SysResult set_times(Task& task, int directory, ProgramAddress path, const Times& times, int flags) {
  const ObjectArgument object = TRY(load_object(task, directory, path, flags));
  if (object.file)
    TRY(object.file->set_times(times.value));
  else
    TRY(task.process.files->set_times(task, object.path.base, object.path.path, times.value,
                                      last_link(flags, AT_SYMLINK_NOFOLLOW)));
  return 0;
}

Result<Times> load_timevals(ProgramAddress address) {
  Times times;
  if (address.is_null()) return times;
  struct Pair {
    struct timeval value[2];
  };
  const Pair pair = TRY(address.load<Pair>());
  for (int i = 0; i < 2; ++i) {
    if (pair.value[i].tv_usec < 0 || pair.value[i].tv_usec >= 1'000'000) return Error::from_errno(EINVAL);
    times.value[i] = {pair.value[i].tv_sec, pair.value[i].tv_usec * 1000};
  }
  return times;
}

SysResult change_owner(Task& task, int directory, ProgramAddress path, std::uint32_t user, std::uint32_t group,
                       int flags) {
  const ObjectArgument object = TRY(load_object(task, directory, path, flags));
  if (object.file)
    TRY(object.file->change_owner(user, group));
  else
    TRY(task.process.files->change_owner(task, object.path.base, object.path.path, user, group,
                                         last_link(flags, AT_SYMLINK_NOFOLLOW)));
  return 0;
}
}  // namespace

SysResult sys_fchmodat(Task& task, int directory, ProgramAddress path, std::uint32_t mode) {
  const PathArgument argument = TRY(load_path(task, directory, path));
  TRY(task.process.files->change_mode(task, argument.base, argument.path, mode));
  return 0;
}
SysResult sys_chmod(Task& task, ProgramAddress path, std::uint32_t mode) {
  return sys_fchmodat(task, AT_FDCWD, path, mode);
}
SysResult sys_fchmod(Task& task, int descriptor, std::uint32_t mode) {
  TRY(TRY(find_file(task, descriptor))->change_mode(mode & 07777));
  return 0;
}

SysResult sys_fchownat(Task& task, int directory, ProgramAddress path, std::uint32_t user, std::uint32_t group,
                       int flags) {
  if ((flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) != 0) return Error::from_errno(EINVAL);
  return change_owner(task, directory, path, user, group, flags);
}
SysResult sys_chown(Task& task, ProgramAddress path, std::uint32_t user, std::uint32_t group) {
  return change_owner(task, AT_FDCWD, path, user, group, 0);
}
SysResult sys_lchown(Task& task, ProgramAddress path, std::uint32_t user, std::uint32_t group) {
  return change_owner(task, AT_FDCWD, path, user, group, AT_SYMLINK_NOFOLLOW);
}
SysResult sys_fchown(Task& task, int descriptor, std::uint32_t user, std::uint32_t group) {
  TRY(TRY(find_file(task, descriptor))->change_owner(user, group));
  return 0;
}

SysResult sys_utimensat(Task& task, int directory, ProgramAddress path, ProgramAddress address, int flags) {
  if ((flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) != 0) return Error::from_errno(EINVAL);
  Times times;
  if (!address.is_null()) times = TRY(address.load<Times>());
  for (const struct timespec& time : times.value)
    if (time.tv_nsec != UTIME_NOW && time.tv_nsec != UTIME_OMIT && (time.tv_nsec < 0 || time.tv_nsec >= 1'000'000'000))
      return Error::from_errno(EINVAL);
  if (times.value[0].tv_nsec == UTIME_OMIT && times.value[1].tv_nsec == UTIME_OMIT) return 0;
  if (path.is_null() && directory != AT_FDCWD) {  // futimens
    TRY(TRY(find_file(task, directory))->set_times(times.value));
    return 0;
  }
  return set_times(task, directory, path, times, flags);
}
SysResult sys_futimesat(Task& task, int directory, ProgramAddress path, ProgramAddress address) {
  const Times times = TRY(load_timevals(address));
  if (path.is_null() && directory != AT_FDCWD) {
    TRY(TRY(find_file(task, directory))->set_times(times.value));
    return 0;
  }
  return set_times(task, directory, path, times, 0);
}
SysResult sys_utimes(Task& task, ProgramAddress path, ProgramAddress address) {
  return set_times(task, AT_FDCWD, path, TRY(load_timevals(address)), 0);
}
SysResult sys_utime(Task& task, ProgramAddress path, ProgramAddress address) {
  Times times;
  if (!address.is_null()) {
    const auto seconds = TRY(address.load<struct utimbuf>());
    times.value[0] = {seconds.actime, 0};
    times.value[1] = {seconds.modtime, 0};
  }
  return set_times(task, AT_FDCWD, path, times, 0);
}
}  // namespace cloister::syscalls
