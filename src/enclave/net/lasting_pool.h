// SPDX-License-Identifier: Apache-2.0
// Objects that are used again and never freed, so that who still holds the address of one may look at it at any time.
// Trusted, kernel storey.
#pragma once
#include <mutex>
#include <vector>

namespace cloister::net {
template <typename T>
class LastingPool {
 public:
  T* take() {
    const std::lock_guard guard(mutex_);
    if (free_.empty()) return new T;
    T* const taken = free_.back();
    free_.pop_back();
    return taken;
  }
  void give_back(T* object) {
    const std::lock_guard guard(mutex_);
    free_.push_back(object);
  }

 private:
  std::mutex mutex_;
  std::vector<T*> free_;
};
}  // namespace cloister::net
