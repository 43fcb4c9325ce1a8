// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include "src/enclave/core/clock.h"
#include "src/enclave/kernel/cpu_time.h"
#include "src/enclave/kernel/process.h"
#include "src/enclave/kernel/scheduling.h"
#include "src/enclave/kernel/signals.h"
#include "src/enclave/kernel/task.h"
#include "src/enclave/kernel/time_values.h"
#include "src/enclave/kernel/timers.h"

namespace cloister::kernel {
namespace {
constexpr std::uint64_t kLeastLook = 1'000'000;  // CPU clocks are not looked at more often

// Expiries of a periodic timer up to `now`; moves `expiry` behind it.
std::uint64_t count_expiries(std::uint64_t* expiry, std::uint64_t interval, std::uint64_t now) {
  if (*expiry == 0 || now < *expiry) return 0;
  if (interval == 0) {
    *expiry = 0;
    return 1;
  }
  const std::uint64_t count = (now - *expiry) / interval + 1;
  *expiry += count * interval;
  return count;
}
}  // namespace

std::uint64_t SignalTimer::now() const {
  if (clock_ == CLOCK_PROCESS_CPUTIME_ID) return process_cpu_time(process_);
  if (clock_ == CLOCK_REALTIME || clock_ == CLOCK_TAI) return core::realtime_now();
  if (clock_ == CLOCK_BOOTTIME) return core::boottime_now();
  if (clock_ != CLOCK_THREAD_CPUTIME_ID) return core::monotonic_now();
  const std::lock_guard guard(process_.mutex);
  const Task* const task = process_.find_task(target_.clock_tid);
  return task != nullptr ? task_cpu_time(*task) : 0;
}

TimerSetting SignalTimer::remaining(std::uint64_t now) const {
  if (expiry_ == 0) return {0, interval_};
  std::uint64_t expiry = expiry_;
  if (expiry <= now && interval_ != 0) expiry += ((now - expiry) / interval_ + 1) * interval_;
  return {expiry > now ? expiry - now : 1, interval_};
}

// A process may use as many CPUs at a time as it has tasks.
std::uint64_t SignalTimer::look_at(std::uint64_t now) const {
  if (expiry_ == 0) return DeadlineQueue::kNever;
  if (!is_cpu_clock(clock_)) return deadline_on(clock_, expiry_);
  const std::uint64_t left = expiry_ > now ? expiry_ - now : 0;
  return deadline_after(std::max(left / cpu_count(), kLeastLook));
}

TimerSetting SignalTimer::set(const TimerSetting& setting, Start start) {
  const std::uint64_t current = now();
  const std::lock_guard guard(mutex_);
  const TimerSetting old = remaining(current);
  interval_ = setting.interval;
  expiry_ = 0;
  overrun_ = 0;
  if (setting.value != 0) {
    const std::uint64_t base = start == Start::absolute ? 0 : current;
    expiry_ = setting.value < kFarFuture - base ? base + setting.value : kFarFuture;
  }
  return old;
}

TimerSetting SignalTimer::get() {
  const std::uint64_t current = now();
  const std::lock_guard guard(mutex_);
  return remaining(current);
}

int SignalTimer::overrun() {
  const std::lock_guard guard(mutex_);
  return overrun_;
}

std::uint64_t SignalTimer::next_look() {
  if (target_.kind == TimerTarget::Kind::nobody) return DeadlineQueue::kNever;
  const std::uint64_t current = now();
  const std::lock_guard guard(mutex_);
  return look_at(current);
}

std::uint64_t SignalTimer::come_due(std::uint64_t) {
  const std::uint64_t current = now();
  std::uint64_t expiries, next;
  {
    const std::lock_guard guard(mutex_);
    expiries = count_expiries(&expiry_, interval_, current);
    next = look_at(current);
  }
  if (expiries != 0) notify(expiries);
  return next;
}

void SignalTimer::notify(std::uint64_t expiries) {
  if (!target_.counts_overruns) {
    send_to_process(process_, target_.info);
    return;
  }
  siginfo_t info = target_.info;
  info.si_overrun = static_cast<int>(std::min<std::uint64_t>(expiries - 1, INT32_MAX));
  // One notification at a time: while the last one waits, expiries are counted in it.
  if (add_timer_overrun(process_, target_.tid, info.si_timerid, expiries)) return;
  if (target_.kind == TimerTarget::Kind::task)
    send_to_task(process_, target_.tid, info, Repeat::always);
  else
    send_to_process(process_, info, Repeat::always);
}

void SignalTimer::notified(int overrun) {
  const std::lock_guard guard(mutex_);
  overrun_ = overrun;
}

void note_timer_notification(Process& process, const siginfo_t& info) {
  if (info.si_code != SI_TIMER) return;
  if (const auto timer = process.timers->find(info.si_timerid); timer.ok()) timer.value()->notified(info.si_overrun);
}
}  // namespace cloister::kernel
