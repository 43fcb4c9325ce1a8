// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/kernel/deadline_queue.h"

namespace cloister::kernel {

bool DeadlineQueue::set(const std::shared_ptr<TimedEvent>& event, std::uint64_t deadline) {
  const std::uint64_t before = earliest();
  if (const auto found = places_.find(event.get()); found != places_.end()) {
    order_.erase(found->second);
    places_.erase(found);
  }
  if (deadline != kNever) places_[event.get()] = order_.emplace(deadline, event);
  return earliest() != before;
}

std::shared_ptr<TimedEvent> DeadlineQueue::take_due(std::uint64_t now) {
  if (order_.empty() || order_.begin()->first > now) return nullptr;
  std::shared_ptr<TimedEvent> event = order_.begin()->second;
  order_.erase(order_.begin());
  places_.erase(event.get());
  return event;
}
}  // namespace cloister::kernel
