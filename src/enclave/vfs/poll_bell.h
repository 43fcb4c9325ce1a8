// SPDX-License-Identifier: Apache-2.0
// An eventfd of the host with which in-enclave files wake a thread that waits in the host's poll. Trusted, kernel
// storey.
#pragma once
#include <atomic>
#include "src/base/result.h"
#include "src/enclave/kernel/wait_queue.h"

namespace cloister::vfs {

// Borrowed from a pool for the length of one wait: making and closing one would be two more host calls.
class PollBell {
 public:
  static Result<PollBell> borrow();
  PollBell(PollBell&& other) noexcept;
  PollBell& operator=(PollBell&&) = delete;
  ~PollBell();

  int host_descriptor() const { return host_descriptor_; }
  void ring();   // from any thread
  void quiet();  // after it was heard, before looking at the files

 private:
  explicit PollBell(int host_descriptor) : host_descriptor_(host_descriptor) {}
  int host_descriptor_;
  std::atomic<std::uint32_t> rung_{0};
};

class BellWaiter final : public kernel::WaitQueue::Entry {
 public:
  BellWaiter(kernel::WaitQueue& queue, PollBell& bell) : queue_(queue), bell_(bell) { queue_.add(*this); }
  ~BellWaiter() { queue_.remove(*this); }
  void woken() override { bell_.ring(); }

 private:
  kernel::WaitQueue& queue_;
  PollBell& bell_;
};
}  // namespace cloister::vfs
