// SPDX-License-Identifier: Apache-2.0
// A hash of a set that changes with its elements one at a time: the sum of their MACs modulo 2^256. In the enclave;
// pure.
//
// Elements are HMACs under a secret key, and sums are shown to nobody (the root is encrypted, and audit entries carry
// an HMAC of the sum). Without the key nobody can compute an element, so nobody can search for another set with the
// same sum (Clarke et al., "Incremental Multiset Hash Functions", 2003, of which this is the additive one).
#pragma once
#include <cstdint>
#include <cstring>
#include "src/cas/store/sealing_keys.h"

namespace cloister::cas {

class SetHash {
 public:
  void add(const Mac& element) {
    Words words = words_of(element);
    unsigned __int128 carry = 0;
    for (std::size_t i = 0; i < words_.size(); ++i) {
      carry += static_cast<unsigned __int128>(words_[i]) + words[i];
      words_[i] = static_cast<std::uint64_t>(carry);
      carry >>= 64;
    }
  }
  void remove(const Mac& element) {
    Words words = words_of(element);
    std::uint64_t borrow = 0;
    for (std::size_t i = 0; i < words_.size(); ++i) {
      const unsigned __int128 difference = static_cast<unsigned __int128>(words_[i]) - words[i] - borrow;
      words_[i] = static_cast<std::uint64_t>(difference);
      borrow = static_cast<std::uint64_t>(difference >> 64) & 1;
    }
  }
  // Little-endian.
  Mac bytes() const {
    Mac bytes;
    std::memcpy(bytes.data(), words_.data(), bytes.size());
    return bytes;
  }
  bool operator==(const SetHash&) const = default;

 private:
  using Words = std::array<std::uint64_t, 4>;
  static Words words_of(const Mac& element) {
    Words words;
    std::memcpy(words.data(), element.data(), element.size());
    return words;
  }
  Words words_{};
};

}  // namespace cloister::cas
