// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/ipc/timer_file.h"
#include <sys/epoll.h>
#include "src/enclave/core/clock.h"
#include "src/enclave/ipc/blocking.h"
#include "src/enclave/kernel/time_values.h"

namespace cloister::ipc {

TimerFile::TimerFile(clockid_t clock, std::uint32_t flags) : clock_(clock) {
  readable = writable = true;  // whatever is written is refused
  status_flags.store(flags, std::memory_order_relaxed);
  set_path("anon_inode:[timerfd]");
}

std::uint64_t TimerFile::now() const {
  switch (clock_) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_ALARM: return core::realtime_now();
    case CLOCK_BOOTTIME:
    case CLOCK_BOOTTIME_ALARM: return core::boottime_now();
    default: return core::monotonic_now();
  }
}

bool TimerFile::count_expirations() {
  const std::uint64_t time = next_ == 0 ? 0 : now();
  if (next_ == 0 || time < next_) return false;
  const bool is_news = expirations_ == 0;  // Linux starts the timer anew when it is read: until then there is one edge
  if (interval_ == 0) {
    ++expirations_;
    next_ = 0;
  } else {
    const std::uint64_t count = 1 + (time - next_) / interval_;
    expirations_ += count;
    next_ += count * interval_;
  }
  return is_news;
}

// When it next has something to tell, on CLOCK_MONOTONIC. Mutex held.
std::uint64_t TimerFile::deadline() {
  return next_ == 0 || expirations_ > 0 ? kernel::kNoDeadline : kernel::deadline_on(clock_, next_);
}

std::uint64_t TimerFile::advance_time() {
  bool expired;
  std::uint64_t next;
  {
    const std::lock_guard guard(mutex_);
    expired = count_expirations();
    next = deadline();
  }
  if (expired) queue_.wake_all();
  return next;
}

std::uint32_t TimerFile::readiness() {
  advance_time();
  const std::lock_guard guard(mutex_);
  return expirations_ > 0 ? EPOLLIN : 0u;
}

Result<std::size_t> TimerFile::read(Task&, const IoVector& to) {
  if (to.size() < sizeof expirations_) return Error::from_errno(EINVAL);
  const auto take = [&]() -> Result<std::uint64_t> {
    advance_time();
    const std::lock_guard guard(mutex_);
    if (expirations_ == 0) return Error::from_errno(EAGAIN);
    return std::exchange(expirations_, 0);
  };
  const std::uint64_t count = TRY(wait_until(queue_, blocking_of(*this), take, [&] { return advance_time(); }));
  TRY(to.fill(0, &count, sizeof count));
  return sizeof count;
}

TimerSetting TimerFile::setting() const {
  if (next_ == 0) return {0, interval_};
  const std::uint64_t time = now();
  return {next_ > time ? next_ - time : 1, interval_};
}

// Whoever waits must learn of the new time.
TimerSetting TimerFile::set(Start start, TimerSetting setting_now) {
  TimerSetting old;
  {
    const std::lock_guard guard(mutex_);
    count_expirations();
    old = setting();
    expirations_ = 0;
    interval_ = setting_now.interval;
    next_ = setting_now.value;
    if (next_ != 0 && start == Start::relative) {
      const std::uint64_t time = now();
      next_ = next_ < kernel::kFarFuture - time ? time + next_ : kernel::kFarFuture;
    }
  }
  queue_.wake_all();
  return old;
}

TimerSetting TimerFile::get() {
  advance_time();
  const std::lock_guard guard(mutex_);
  return setting();
}
}  // namespace cloister::ipc
