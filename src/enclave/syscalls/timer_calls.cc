// SPDX-License-Identifier: Apache-2.0
// setitimer, alarm and POSIX timers.
#include <linux/capability.h>
#include <sys/time.h>
#include "src/enclave/kernel/credentials.h"
#include "src/enclave/kernel/signal_queue.h"
#include "src/enclave/kernel/time_values.h"
#include "src/enclave/kernel/timer_service.h"
#include "src/enclave/kernel/timers.h"
#include "src/enclave/syscalls/task_handlers.h"

namespace cloister::syscalls {
namespace {
using kernel::nanoseconds_of;
using kernel::SignalTimer;
using kernel::TimerSetting;
using kernel::TimerTarget;

Result<std::uint64_t> nanoseconds_of(const timeval& time) {
  if (time.tv_usec < 0 || time.tv_usec >= 1'000'000) return Error::from_errno(EINVAL);
  return kernel::nanoseconds_of({time.tv_sec, time.tv_usec * 1000});
}
// Of an itimerval or an itimerspec.
template <typename Time>
Result<TimerSetting> setting_of(const Time& wanted) {
  TimerSetting setting{};
  setting.value = TRY(nanoseconds_of(wanted.it_value));
  setting.interval = TRY(nanoseconds_of(wanted.it_interval));
  return setting;
}
// A timer that still runs never shows zero.
itimerval itimerval_of(const TimerSetting& setting) {
  const bool is_short = setting.value != 0 && setting.value < 1000;
  return {kernel::timeval_of(setting.interval), kernel::timeval_of(is_short ? 1000 : setting.value)};
}
itimerspec itimerspec_of(const TimerSetting& setting) {
  return {kernel::timespec_of(setting.interval), kernel::timespec_of(setting.value)};
}

// struct sigevent of the kernel's interface.
struct UserEvent {
  std::uint64_t value;
  std::int32_t signal, notify, tid;
  std::int32_t padding[11];
};
static_assert(sizeof(UserEvent) == 64);

Result<TimerTarget> target_of(Task& task, const UserEvent& event) {
  TimerTarget target;
  target.counts_overruns = true;
  target.clock_tid = task.tid;
  target.info.si_code = SI_TIMER;
  target.info.si_signo = event.signal;
  target.info.si_value.sival_ptr = reinterpret_cast<void*>(event.value);
  switch (event.notify) {
    case SIGEV_NONE: target.kind = TimerTarget::Kind::nobody; return target;
    case SIGEV_SIGNAL:
    case SIGEV_THREAD: target.kind = TimerTarget::Kind::process; break;
    case SIGEV_SIGNAL | SIGEV_THREAD_ID: {
      target.kind = TimerTarget::Kind::task;
      target.tid = static_cast<std::uint32_t>(event.tid);
      const std::lock_guard guard(task.process.mutex);
      if (task.process.find_task(target.tid) == nullptr) return Error::from_errno(EINVAL);
      break;
    }
    default: return Error::from_errno(EINVAL);
  }
  if (!kernel::is_valid_signal(event.signal)) return Error::from_errno(EINVAL);
  return target;
}

// The clocks that a timer can have; ids of CPU clocks of this process become the two plain ones.
Result<clockid_t> timer_clock(Task& task, clockid_t clock, TimerTarget* target) {
  switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_MONOTONIC:
    case CLOCK_BOOTTIME:
    case CLOCK_TAI:
    case CLOCK_PROCESS_CPUTIME_ID:
    case CLOCK_THREAD_CPUTIME_ID: return clock;
    case CLOCK_REALTIME_ALARM:
    case CLOCK_BOOTTIME_ALARM:  // they wake a machine that sleeps, which is not ours to do
      if (!kernel::has_capability(task.process.credentials, CAP_WAKE_ALARM)) return Error::from_errno(EPERM);
      return clock == CLOCK_REALTIME_ALARM ? CLOCK_REALTIME : CLOCK_BOOTTIME;
    default: break;
  }
  if (clock >= 0) return Error::from_errno(EINVAL);
  TRY(kernel::read_clock(task, clock));
  if ((clock & 4) == 0) return clockid_t{CLOCK_PROCESS_CPUTIME_ID};
  if (const auto tid = static_cast<std::uint32_t>(~(clock >> 3)); tid != 0) target->clock_tid = tid;
  return clockid_t{CLOCK_THREAD_CPUTIME_ID};
}

bool is_interval_timer(int which) { return which >= ITIMER_REAL && which <= ITIMER_PROF; }
}  // namespace

SysResult sys_getitimer(Task& task, int which, ProgramAddress current) {
  if (!is_interval_timer(which)) return Error::from_errno(EINVAL);
  TRY(current.store(itimerval_of(task.process.timers->interval(which))));
  return 0;
}

SysResult sys_setitimer(Task& task, int which, ProgramAddress value, ProgramAddress old_value) {
  itimerval wanted{};
  if (!value.is_null()) wanted = TRY(value.load<itimerval>());
  if (!is_interval_timer(which)) return Error::from_errno(EINVAL);
  const TimerSetting setting = TRY(setting_of(wanted));
  const TimerSetting old = TRY(task.process.timers->set_interval(which, setting));
  if (!old_value.is_null()) TRY(old_value.store(itimerval_of(old)));
  return 0;
}

SysResult sys_alarm(Task& task, std::uint32_t seconds) {
  const TimerSetting setting{seconds * kernel::kNanosecondsPerSecond, 0};
  const std::uint64_t left = TRY(task.process.timers->set_interval(ITIMER_REAL, setting)).value;
  const std::uint64_t whole = left / kernel::kNanosecondsPerSecond, rest = left % kernel::kNanosecondsPerSecond;
  const bool rounds_up = (whole == 0 && rest != 0) || rest >= kernel::kNanosecondsPerSecond / 2;
  return static_cast<std::int64_t>(whole + (rounds_up ? 1 : 0));
}

SysResult sys_timer_create(Task& task, clockid_t clock, ProgramAddress event_address, ProgramAddress id_address) {
  UserEvent event{0, SIGALRM, SIGEV_SIGNAL, 0, {}};
  if (!event_address.is_null()) event = TRY(event_address.load<UserEvent>());
  TimerTarget target = TRY(target_of(task, event));
  const clockid_t timer_clock_id = TRY(timer_clock(task, clock, &target));
  const int id = TRY(task.process.timers->create(timer_clock_id, target));
  if (const auto stored = id_address.store(std::int32_t{id}); !stored.ok()) {
    (void)task.process.timers->remove(id).ok();
    return stored.error();
  }
  return 0;
}

SysResult sys_timer_settime(Task& task, int id, int flags, ProgramAddress value, ProgramAddress old_value) {
  if (value.is_null()) return Error::from_errno(EINVAL);
  const auto wanted = TRY(value.load<itimerspec>());
  const TimerSetting setting = TRY(setting_of(wanted));
  const auto timer = TRY(task.process.timers->find(id));
  const bool is_absolute = (flags & TIMER_ABSTIME) != 0;
  const TimerSetting old =
      timer->set(setting, is_absolute ? SignalTimer::Start::absolute : SignalTimer::Start::relative);
  TRY(kernel::schedule(timer, timer->next_look()));
  if (!old_value.is_null()) TRY(old_value.store(itimerspec_of(old)));
  return 0;
}

SysResult sys_timer_gettime(Task& task, int id, ProgramAddress current) {
  TRY(current.store(itimerspec_of(TRY(task.process.timers->find(id))->get())));
  return 0;
}

SysResult sys_timer_getoverrun(Task& task, int id) { return TRY(task.process.timers->find(id))->overrun(); }

SysResult sys_timer_delete(Task& task, int id) {
  TRY(task.process.timers->remove(id));
  return 0;
}
}  // namespace cloister::syscalls
