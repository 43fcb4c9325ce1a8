// SPDX-License-Identifier: Apache-2.0
// Holds a lock of the core for as long as it lives. Freestanding.
#pragma once

namespace cloister::core {
template <typename Lock>
class LockGuard {
 public:
  explicit LockGuard(Lock& lock) : lock_(lock) { lock_.lock(); }
  ~LockGuard() { lock_.unlock(); }
  LockGuard(const LockGuard&) = delete;
  LockGuard& operator=(const LockGuard&) = delete;

 private:
  Lock& lock_;
};
}  // namespace cloister::core
