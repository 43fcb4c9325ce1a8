// SPDX-License-Identifier: Apache-2.0
// How many refused requests are written into the audit log: enough to see an attack, and not so many that whoever is
// refused could fill the disk. Inside CAS's enclave; thread-safe.
#pragma once
#include <algorithm>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include "src/audit/entry.h"

namespace cloister::cas {

class RefusalBudget {
 public:
  static constexpr std::uint64_t kBurst = 60;
  static constexpr std::uint64_t kInterval = 10'000;  // milliseconds until one more may be written

  // Whether a refusal at `now` (milliseconds since 1970) is to be written; then with the number of those that were not
  // written before it.
  std::optional<std::uint64_t> take(std::uint64_t now) {
    const std::scoped_lock lock(mutex_);
    if (now < last_) last_ = now;  // the clock is the host's
    const std::uint64_t earned = (now - last_) / kInterval;
    if (earned > 0) {
      left_ = earned > kBurst - left_ ? kBurst : left_ + earned;
      last_ += earned * kInterval;
    }
    if (left_ == 0) {
      ++unwritten_;
      return std::nullopt;
    }
    --left_;
    return std::exchange(unwritten_, 0);
  }

 private:
  std::mutex mutex_;
  std::uint64_t last_ = 0, left_ = kBurst, unwritten_ = 0;
};

// Says in a row's text how many refusals before it are in no row. A text that is too long for both is cut.
inline void append_unwritten(std::string& text, std::uint64_t unwritten) {
  if (unwritten == 0) return;
  const std::string said = "; " + std::to_string(unwritten) + " more refusals before it were not written down";
  text.resize(std::min(text.size(), audit::kTextLimit - said.size()));
  text += said;
}

}  // namespace cloister::cas
