// SPDX-License-Identifier: Apache-2.0
// timerfd_create, timerfd_settime, timerfd_gettime.
#include <fcntl.h>
#include <sys/timerfd.h>
#include "src/enclave/ipc/timer_file.h"
#include "src/enclave/kernel/time_values.h"
#include "src/enclave/syscalls/net_handlers.h"
#include "src/enclave/syscalls/socket_files.h"

namespace cloister::syscalls {
namespace {
itimerspec to_program(const ipc::TimerSetting& setting) {
  return {kernel::timespec_of(setting.interval), kernel::timespec_of(setting.value)};
}

Result<vfs::FileRef> find_timer(Task& task, int descriptor) {
  vfs::FileRef file = TRY(task.process.descriptors.get(descriptor));
  if (file->as_timer() == nullptr) return Error::from_errno(EINVAL);
  return file;
}
}  // namespace

SysResult sys_timerfd_create(Task& task, int clock, int flags) {
  if ((flags & ~(TFD_CLOEXEC | TFD_NONBLOCK)) != 0) return Error::from_errno(EINVAL);
  switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_MONOTONIC:
    case CLOCK_BOOTTIME: break;
    case CLOCK_REALTIME_ALARM:
    case CLOCK_BOOTTIME_ALARM: return Error::from_errno(EPERM);  // waking the machine up is the host's
    default: return Error::from_errno(EINVAL);
  }
  const auto status = static_cast<std::uint32_t>((flags & TFD_NONBLOCK) | O_RDWR);
  return install_file(task, vfs::FileRef(new ipc::TimerFile(clock, status)), flags);
}

// TFD_TIMER_CANCEL_ON_SET is accepted and has no effect: the host's clock being set is no event in here.
SysResult sys_timerfd_settime(Task& task, int descriptor, int flags, ProgramAddress setting,
                              ProgramAddress old_setting) {
  const auto wanted = TRY(setting.load<itimerspec>());
  if ((flags & ~(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET)) != 0) return Error::from_errno(EINVAL);
  const std::uint64_t value = TRY(kernel::nanoseconds_of(wanted.it_value));
  const std::uint64_t interval = TRY(kernel::nanoseconds_of(wanted.it_interval));
  const vfs::FileRef file = TRY(find_timer(task, descriptor));
  const auto start =
      (flags & TFD_TIMER_ABSTIME) != 0 ? ipc::TimerFile::Start::absolute : ipc::TimerFile::Start::relative;
  const ipc::TimerSetting old = file->as_timer()->set(start, {value, interval});
  if (!old_setting.is_null()) TRY(old_setting.store(to_program(old)));
  return 0;
}

SysResult sys_timerfd_gettime(Task& task, int descriptor, ProgramAddress setting) {
  const vfs::FileRef file = TRY(find_timer(task, descriptor));
  TRY(setting.store(to_program(file->as_timer()->get())));
  return 0;
}
}  // namespace cloister::syscalls
