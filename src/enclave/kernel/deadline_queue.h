// SPDX-License-Identifier: Apache-2.0
// Events in the order of their deadlines. No locks, no clock. Trusted.
#pragma once
#include <cstdint>
#include <map>
#include <memory>

namespace cloister::kernel {

class TimedEvent {
 public:
  virtual ~TimedEvent() = default;
  // The deadline has come: does what is due at `now` and returns the next deadline, or kNoDeadline. Runs on the timer
  // thread, without locks, perhaps after the event was rescheduled.
  virtual std::uint64_t come_due(std::uint64_t now) = 0;
};

class DeadlineQueue {
 public:
  static constexpr std::uint64_t kNever = ~0ULL;

  // Replaces the event's deadline; kNever takes it out. True: the earliest deadline has changed.
  bool set(const std::shared_ptr<TimedEvent>& event, std::uint64_t deadline);
  std::uint64_t earliest() const { return order_.empty() ? kNever : order_.begin()->first; }
  // Takes out an event whose deadline is not after `now`; null: there is none.
  std::shared_ptr<TimedEvent> take_due(std::uint64_t now);
  bool contains(const TimedEvent* event) const { return places_.contains(event); }

 private:
  using Order = std::multimap<std::uint64_t, std::shared_ptr<TimedEvent>>;
  Order order_;
  std::map<const TimedEvent*, Order::iterator> places_;
};
}  // namespace cloister::kernel
