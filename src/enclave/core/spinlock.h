// SPDX-License-Identifier: Apache-2.0
// A lock for short critical sections of the core: no host call and no possible fault inside. Freestanding.
#pragma once
#include <atomic>
#include <cstdint>
#include "src/enclave/core/lock_guard.h"

namespace cloister::core {
class Spinlock {
 public:
  void lock() {
    while (locked_.exchange(1, std::memory_order_acquire) != 0)
      while (locked_.load(std::memory_order_relaxed) != 0) asm volatile("pause");
  }
  void unlock() { locked_.store(0, std::memory_order_release); }

 private:
  std::atomic<std::uint32_t> locked_{0};
};
}  // namespace cloister::core
