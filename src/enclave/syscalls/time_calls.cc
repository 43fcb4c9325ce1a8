// SPDX-License-Identifier: Apache-2.0
// Clocks and sleeping. Reading the usual clocks is the core's (quick_calls.cc); this is the rest.
#include <sys/time.h>
#include <sys/timex.h>
#include "src/enclave/core/clock.h"
#include "src/enclave/kernel/time_values.h"
#include "src/enclave/syscalls/task_handlers.h"

namespace cloister::syscalls {
namespace {
constexpr std::uint64_t kCoarseResolution = 4'000'000;

bool can_sleep_on(clockid_t clock) {
  return clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC || clock == CLOCK_BOOTTIME || clock == CLOCK_TAI;
}

// Until the deadline, or until the task has work.
bool sleep_until(std::uint64_t deadline) {
  kernel::Sleeper sleeper;
  for (;;) {
    const auto slept = sleeper.sleep(deadline);
    if (!slept.ok()) return slept.error().errno_value() == ETIMEDOUT;
  }
}

SysResult sleep_relative(Task& task, std::uint64_t deadline, ProgramAddress remaining) {
  if (sleep_until(deadline)) return 0;
  if (!remaining.is_null()) {
    const std::uint64_t now = core::monotonic_now();
    TRY(remaining.store(kernel::timespec_of(deadline > now ? deadline - now : 0)));
  }
  const auto again = [](Task& same, const kernel::RestartBlock& block) {
    return sleep_relative(same, block.deadline, ProgramAddress{block.arguments[0]});
  };
  return restart_later(task, {again, deadline, {remaining.value}});
}
}  // namespace

SysResult sys_nanosleep(Task& task, ProgramAddress request, ProgramAddress remaining) {
  return sleep_relative(task, kernel::deadline_after(TRY(kernel::load_timespec(request))), remaining);
}

SysResult sys_clock_nanosleep(Task& task, clockid_t clock, int flags, ProgramAddress request,
                              ProgramAddress remaining) {
  if (!can_sleep_on(clock)) return Error::from_errno(clock == CLOCK_PROCESS_CPUTIME_ID ? EOPNOTSUPP : EINVAL);
  const std::uint64_t time = TRY(kernel::load_timespec(request));
  if ((flags & TIMER_ABSTIME) == 0) return sleep_relative(task, kernel::deadline_after(time), remaining);
  if (!sleep_until(kernel::deadline_on(clock, time))) return restart_no_hand();
  return 0;
}

SysResult sys_clock_gettime(Task& task, clockid_t clock, ProgramAddress time) {
  TRY(time.store(kernel::timespec_of(TRY(kernel::read_clock(task, clock)))));
  return 0;
}

SysResult sys_clock_getres(Task& task, clockid_t clock, ProgramAddress resolution) {
  TRY(kernel::read_clock(task, clock));
  const bool is_coarse = clock == CLOCK_REALTIME_COARSE || clock == CLOCK_MONOTONIC_COARSE;
  if (!resolution.is_null()) TRY(resolution.store(kernel::timespec_of(is_coarse ? kCoarseResolution : 1)));
  return 0;
}

SysResult sys_clock_settime(Task& task, clockid_t clock, ProgramAddress time) {
  TRY(kernel::read_clock(task, clock));
  TRY(time.load<timespec>());
  return Error::from_errno(clock == CLOCK_REALTIME ? EPERM : EINVAL);
}

SysResult sys_settimeofday(Task&, ProgramAddress, ProgramAddress) { return Error::from_errno(EPERM); }

SysResult sys_gettimeofday(Task&, ProgramAddress time, ProgramAddress zone) {
  const timespec now = kernel::timespec_of(core::realtime_now());
  if (!time.is_null()) TRY(time.store(timeval{now.tv_sec, now.tv_nsec / 1000}));
  if (!zone.is_null()) TRY(zone.store(std::uint64_t{0}));
  return 0;
}

SysResult sys_time(Task&, ProgramAddress time) {
  const std::int64_t now = kernel::timespec_of(core::realtime_now()).tv_sec;
  if (!time.is_null()) TRY(time.store(now));
  return now;
}

// What is asked may be told; what is set is refused.
SysResult sys_adjtimex(Task&, ProgramAddress address) {
  auto request = TRY(address.load<timex>());
  if (request.modes != 0) return Error::from_errno(EPERM);
  const timespec now = kernel::timespec_of(core::realtime_now());
  request = {};
  request.status = STA_UNSYNC;
  request.tick = 10'000;
  request.tolerance = 32'768'000;
  request.precision = 1;
  request.time = {now.tv_sec, now.tv_nsec / 1000};
  TRY(address.store(request));
  return TIME_ERROR;
}

SysResult sys_clock_adjtime(Task& task, clockid_t clock, ProgramAddress address) {
  if (clock != CLOCK_REALTIME) return Error::from_errno(EINVAL);
  return sys_adjtimex(task, address);
}
}  // namespace cloister::syscalls
