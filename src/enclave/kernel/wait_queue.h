// SPDX-License-Identifier: Apache-2.0
// Wait queues of in-enclave objects: pipes, eventfds, timers, epoll, waiting for signals. Trusted, kernel storey.
//
//   WaitQueue::Waiter waiter(queue, task);          // enqueued from here on
//   for (;;) {
//     if (condition) return …;                        // look after enqueueing, so that no wake-up is lost
//     TRY(waiter.sleep(deadline));                    // EINTR (signal), ETIMEDOUT, or woken: look again
//   }
//
// A waiter may also be a callback (epoll). Callbacks run under the queue's lock: they may only mark and ring.
#pragma once
#include <atomic>
#include <cstdint>
#include <mutex>
#include "src/base/result.h"
#include "src/enclave/core/futex.h"
#include "src/enclave/core/thread.h"

namespace cloister::kernel {
inline constexpr std::uint64_t kNoDeadline = core::kNoDeadline;

class WaitQueue {
 public:
  class Entry {
   public:
    virtual void woken() = 0;

   protected:
    ~Entry() = default;

   private:
    friend class WaitQueue;
    Entry* next_ = nullptr;
    Entry* previous_ = nullptr;
    WaitQueue* queue_ = nullptr;
  };

  WaitQueue() = default;
  WaitQueue(const WaitQueue&) = delete;
  WaitQueue& operator=(const WaitQueue&) = delete;

  void add(Entry& entry);
  void remove(Entry& entry);  // safe when it is not in the queue
  void wake_all();
  void wake_one();
  bool has_waiters();

 private:
  std::mutex mutex_;
  Entry* first_ = nullptr;
  Entry* last_ = nullptr;
};

// The calling thread's wish to be woken. May be in several queues by several entries (poll).
class Sleeper {
 public:
  Sleeper();
  void ring();  // from any thread
  // Returns when rung since the last sleep(). ETIMEDOUT at `deadline` (CLOCK_MONOTONIC ns), EINTR when the task has
  // work.
  Result<void> sleep(std::uint64_t deadline);

 private:
  core::Thread* thread_;
  std::atomic<std::uint32_t> rung_{0};
};

class QueueWaiter final : public WaitQueue::Entry {
 public:
  QueueWaiter(WaitQueue& queue, Sleeper& sleeper) : queue_(queue), sleeper_(sleeper) { queue_.add(*this); }
  ~QueueWaiter() { queue_.remove(*this); }
  void woken() override { sleeper_.ring(); }

 private:
  WaitQueue& queue_;
  Sleeper& sleeper_;
};
}  // namespace cloister::kernel
