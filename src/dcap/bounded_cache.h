// SPDX-License-Identifier: Apache-2.0
// A bounded map from the SHA-256 of a document to what was made from it; the entry that was not used for longest goes
// first. Both sides; thread-safe. What is in it depends on nothing but the bytes, so an entry never grows wrong.
#pragma once
#include <cstring>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>
#include "src/sgx/measurement.h"

namespace cloister::dcap {

struct DigestHash {
  std::size_t operator()(const sgx::Digest& digest) const {
    std::size_t value;
    std::memcpy(&value, digest.data(), sizeof value);
    return value;
  }
};

template <typename Value>
class BoundedCache {
 public:
  // At most `size_limit` bytes, by what put() says of each entry. What alone would need more is not kept.
  explicit BoundedCache(std::size_t size_limit) : size_limit_(size_limit) {}

  std::shared_ptr<const Value> get(const sgx::Digest& digest) {
    const std::lock_guard lock(mutex_);
    const auto found = index_.find(digest);
    if (found == index_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    return found->second->value;
  }
  void put(const sgx::Digest& digest, std::shared_ptr<const Value> value, std::size_t size) {
    const std::lock_guard lock(mutex_);
    if (size > size_limit_ || index_.contains(digest)) return;
    entries_.push_front({digest, std::move(value), size});
    index_.emplace(digest, entries_.begin());
    for (size_ += size; size_ > size_limit_; entries_.pop_back()) {
      size_ -= entries_.back().size;
      index_.erase(entries_.back().digest);
    }
  }
  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return size_;
  }

 private:
  struct Entry {
    sgx::Digest digest;
    std::shared_ptr<const Value> value;
    std::size_t size;
  };
  mutable std::mutex mutex_;
  std::list<Entry> entries_;  // the one used last comes first
  std::unordered_map<sgx::Digest, typename std::list<Entry>::iterator, DigestHash> index_;
  const std::size_t size_limit_;
  std::size_t size_ = 0;
};

}  // namespace cloister::dcap
