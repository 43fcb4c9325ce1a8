// SPDX-License-Identifier: Apache-2.0
// A set of errno values: three words, tested by one bit. Both sides.
#pragma once
#include <cstdint>

namespace cloister {

class ErrorSet {
 public:
  template <typename... E>
  static constexpr ErrorSet of(E... errors) {
    ErrorSet set;
    ((set.words_[static_cast<unsigned>(errors) >> 6] |= 1ULL << (static_cast<unsigned>(errors) & 63)), ...);
    return set;
  }
  constexpr ErrorSet operator|(ErrorSet other) const {
    ErrorSet set;
    for (int i = 0; i < 3; ++i) set.words_[i] = words_[i] | other.words_[i];
    return set;
  }
  constexpr bool contains(std::uint64_t error) const { return error < 192 && (words_[error >> 6] >> (error & 63) & 1); }

 private:
  std::uint64_t words_[3] = {};
};
}  // namespace cloister
