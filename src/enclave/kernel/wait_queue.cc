// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/kernel/wait_queue.h"
#include <cerrno>
#include "src/enclave/core/doorbell.h"

namespace cloister::kernel {

void WaitQueue::add(Entry& entry) {
  const std::lock_guard guard(mutex_);
  entry.queue_ = this;
  entry.next_ = nullptr;
  entry.previous_ = last_;
  (last_ != nullptr ? last_->next_ : first_) = &entry;
  last_ = &entry;
}

void WaitQueue::remove(Entry& entry) {
  const std::lock_guard guard(mutex_);
  if (entry.queue_ != this) return;
  (entry.previous_ != nullptr ? entry.previous_->next_ : first_) = entry.next_;
  (entry.next_ != nullptr ? entry.next_->previous_ : last_) = entry.previous_;
  entry.queue_ = nullptr;
}

void WaitQueue::wake_all() {
  const std::lock_guard guard(mutex_);
  for (Entry* entry = first_; entry != nullptr;) {
    Entry* const next = entry->next_;  // a callback must not change the queue, but costs nothing to allow for itself
    entry->woken();
    entry = next;
  }
}

// The woken entry goes to the end, so that the next call wakes another one.
void WaitQueue::wake_one() {
  const std::lock_guard guard(mutex_);
  Entry* const entry = first_;
  if (entry == nullptr) return;
  if (entry != last_) {
    first_ = entry->next_;
    first_->previous_ = nullptr;
    entry->previous_ = last_;
    entry->next_ = nullptr;
    last_->next_ = entry;
    last_ = entry;
  }
  entry->woken();
}

bool WaitQueue::has_waiters() {
  const std::lock_guard guard(mutex_);
  return first_ != nullptr;
}

Sleeper::Sleeper() : thread_(core::current_thread()) {}

void Sleeper::ring() {
  if (rung_.exchange(1, std::memory_order_acq_rel) != 0) return;  // rung already, and it has not looked yet
  if (thread_ != core::current_thread()) core::ring_doorbell(thread_);
}

// The host wakes early, late or never; whether somebody rang is decided by our own word (I-13). The doorbell is read
// before that word, so that a ring in between is not slept through.
Result<void> Sleeper::sleep(std::uint64_t deadline) {
  for (;;) {
    const std::uint64_t bell = core::read_doorbell(thread_);
    if (rung_.exchange(0, std::memory_order_acq_rel) != 0) return {};
    const long result = core::sleep_on_doorbell(thread_, bell, deadline, core::Sleep::interruptible);
    if (rung_.exchange(0, std::memory_order_acq_rel) != 0) return {};
    if (result != 0) return Error::from_errno(static_cast<int>(-result));
  }
}
}  // namespace cloister::kernel
