// SPDX-License-Identifier: Apache-2.0
// Parts of program memory, one behind the other, into the bounce buffer: host memory is written in aligned words only
// (S-14), so what a part leaves of a word waits here for the next one. Trusted, freestanding.
#pragma once
#include "src/enclave/core/program_access.h"

namespace cloister::core {
class HostGather {
 public:
  // `to`: 8-byte aligned, with room for all parts up to the next multiple of 8.
  explicit HostGather(HostAddress to) : to_(to) {}
  // False: EFAULT, and the buffer is of no use.
  [[nodiscard]] bool add(std::uint64_t address, std::uint64_t size);
  void finish() {
    if (waiting_ > 0) store();
  }

 private:
  bool collect(std::uint64_t address, std::uint64_t size) {
    const bool copied = copy_from_program(reinterpret_cast<std::uint8_t*>(&word_) + waiting_, address, size);
    waiting_ += size;
    return copied;
  }
  void store() {
    store_host_word(to_, word_);
    to_ += 8;
    word_ = waiting_ = 0;
  }

  HostAddress to_;
  std::uint64_t word_ = 0, waiting_ = 0;  // bytes in word_, fewer than 8; the others are 0
};

inline bool HostGather::add(std::uint64_t address, std::uint64_t size) {
  if (waiting_ > 0) {
    const std::uint64_t part = size < 8 - waiting_ ? size : 8 - waiting_;
    if (!collect(address, part)) return false;
    if (waiting_ < 8) return true;
    store();
    address += part;
    size -= part;
  }
  const std::uint64_t whole = size & ~std::uint64_t{7};
  if (whole > 0) {
    if (!copy_program_to_host_checked(to_, address, whole)) return false;
    to_ += whole;
  }
  return whole == size || collect(address + whole, size - whole);
}
}  // namespace cloister::core
