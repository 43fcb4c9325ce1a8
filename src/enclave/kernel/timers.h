// SPDX-License-Identifier: Apache-2.0
// A process's timers: the three of setitimer and those of timer_create. Trusted, kernel storey.
#pragma once
#include <signal.h>
#include <time.h>
#include <array>
#include <map>
#include <memory>
#include <mutex>
#include "src/base/result.h"
#include "src/enclave/kernel/deadline_queue.h"

namespace cloister::kernel {
class Process;

struct TimerSetting {
  std::uint64_t value = 0;     // ns until it expires, 0: disarmed
  std::uint64_t interval = 0;  // ns
};

// Whom a timer tells of its expiry.
struct TimerTarget {
  enum class Kind { nobody, process, task } kind = Kind::process;
  std::uint32_t tid = 0;        // of Kind::task
  std::uint32_t clock_tid = 0;  // whose time CLOCK_THREAD_CPUTIME_ID is
  siginfo_t info{};
  bool counts_overruns = false;  // timer_create: one notification is pending, further expiries are counted in it
};

// A timer on any clock. CPU clocks are looked at again and again until they have reached the expiry.
class SignalTimer final : public TimedEvent {
 public:
  SignalTimer(Process& process, clockid_t clock, const TimerTarget& target)
      : process_(process), clock_(clock), target_(target) {}

  enum class Start { relative, absolute };
  // Arms it, or disarms it with value 0; the setting before.
  TimerSetting set(const TimerSetting& setting, Start start);
  TimerSetting get();
  // Of the notification that the program had last.
  int overrun();
  void notified(int overrun);
  // When the timer thread must look, on CLOCK_MONOTONIC.
  std::uint64_t next_look();
  std::uint64_t come_due(std::uint64_t now) override;

 private:
  std::uint64_t now() const;
  TimerSetting remaining(std::uint64_t now) const;
  std::uint64_t look_at(std::uint64_t now) const;
  void notify(std::uint64_t expiries);

  Process& process_;
  const clockid_t clock_;
  const TimerTarget target_;
  std::mutex mutex_;
  std::uint64_t expiry_ = 0;  // on clock_; 0: disarmed
  std::uint64_t interval_ = 0;
  int overrun_ = 0;
};

class ProcessTimers {
 public:
  explicit ProcessTimers(Process& process);
  ~ProcessTimers();

  // `which`: ITIMER_*.
  TimerSetting interval(int which);
  Result<TimerSetting> set_interval(int which, const TimerSetting& setting);

  Result<int> create(clockid_t clock, TimerTarget target);  // EAGAIN: too many
  Result<std::shared_ptr<SignalTimer>> find(int id);        // EINVAL
  Result<void> remove(int id);

 private:
  Process& process_;
  std::mutex mutex_;
  std::array<std::shared_ptr<SignalTimer>, 3> intervals_;
  std::map<int, std::shared_ptr<SignalTimer>> timers_;
};
}  // namespace cloister::kernel
