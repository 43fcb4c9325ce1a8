// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/kernel/timers.h"
#include <sys/time.h>
#include <cerrno>
#include "src/enclave/kernel/timer_service.h"

namespace cloister::kernel {
namespace {
constexpr int kMostTimers = 4096;

TimerTarget target_of_interval(int which) {
  static constexpr int kSignals[] = {SIGALRM, SIGVTALRM, SIGPROF};
  TimerTarget target;
  target.info.si_signo = kSignals[which];
  target.info.si_code = SI_KERNEL;
  return target;
}
}  // namespace

ProcessTimers::ProcessTimers(Process& process) : process_(process) {
  for (int which = 0; which < 3; ++which) {
    const clockid_t clock = which == ITIMER_REAL ? CLOCK_MONOTONIC : CLOCK_PROCESS_CPUTIME_ID;
    intervals_[static_cast<std::size_t>(which)] =
        std::make_shared<SignalTimer>(process, clock, target_of_interval(which));
  }
}

ProcessTimers::~ProcessTimers() {
  for (const auto& timer : intervals_) (void)schedule(timer, DeadlineQueue::kNever).ok();
  for (const auto& [id, timer] : timers_) (void)schedule(timer, DeadlineQueue::kNever).ok();
}

TimerSetting ProcessTimers::interval(int which) { return intervals_[static_cast<std::size_t>(which)]->get(); }

Result<TimerSetting> ProcessTimers::set_interval(int which, const TimerSetting& setting) {
  const std::shared_ptr<SignalTimer>& timer = intervals_[static_cast<std::size_t>(which)];
  const TimerSetting old = timer->set(setting, SignalTimer::Start::relative);
  TRY(schedule(timer, timer->next_look()));
  return old;
}

Result<int> ProcessTimers::create(clockid_t clock, TimerTarget target) {
  const std::lock_guard guard(mutex_);
  int id = 0;
  while (id < kMostTimers && timers_.contains(id)) ++id;
  if (id == kMostTimers) return Error::from_errno(EAGAIN);
  target.info.si_timerid = id;
  timers_[id] = std::make_shared<SignalTimer>(process_, clock, target);
  return id;
}

Result<std::shared_ptr<SignalTimer>> ProcessTimers::find(int id) {
  const std::lock_guard guard(mutex_);
  const auto found = timers_.find(id);
  if (found == timers_.end()) return Error::from_errno(EINVAL);
  return found->second;
}

Result<void> ProcessTimers::remove(int id) {
  std::shared_ptr<SignalTimer> timer;
  {
    const std::lock_guard guard(mutex_);
    const auto found = timers_.find(id);
    if (found == timers_.end()) return Error::from_errno(EINVAL);
    timer = found->second;
    timers_.erase(found);
  }
  timer->set({}, SignalTimer::Start::relative);
  return schedule(timer, DeadlineQueue::kNever);
}
}  // namespace cloister::kernel
