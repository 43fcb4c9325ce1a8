// SPDX-License-Identifier: Apache-2.0
// A lock that may be held over a host call (which does not block): waiters yield. Trusted, freestanding.
#pragma once
#include <atomic>
#include <cstdint>
#include "src/enclave/core/host_call.h"
#include "src/enclave/core/lock_guard.h"

namespace cloister::core {
class YieldingLock {
 public:
  void lock() {
    while (locked_.exchange(1, std::memory_order_acquire) != 0) host_call(HostCall::sched_yield);
  }
  bool try_lock() { return locked_.exchange(1, std::memory_order_acquire) == 0; }
  void unlock() { locked_.store(0, std::memory_order_release); }

 private:
  std::atomic<std::uint32_t> locked_{0};
};
}  // namespace cloister::core
