// SPDX-License-Identifier: Apache-2.0
// Walks over bytes that somebody else wrote, front to back; every step is bounds-checked and nothing is copied but
// fixed structures. Both sides.
#pragma once
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>
#include "src/base/result.h"

namespace cloister::dcap {

using Bytes = std::span<const std::uint8_t>;

class ByteReader {
 public:
  // `too_short` is the error's text when the bytes end before what shall be read.
  ByteReader(Bytes bytes, const char* too_short) : rest_(bytes), too_short_(too_short) {}

  Result<Bytes> take(std::size_t size) {
    if (size > rest_.size()) return Error(Errc::invalid, too_short_);
    const Bytes taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }
  // A structure or a little-endian integer.
  template <typename T>
  Result<T> read() {
    static_assert(std::is_trivially_copyable_v<T>);
    const Bytes taken = TRY(take(sizeof(T)));
    T value;
    std::memcpy(&value, taken.data(), sizeof value);
    return value;
  }
  Bytes rest() const { return rest_; }
  bool at_end() const { return rest_.empty(); }

 private:
  Bytes rest_;
  const char* too_short_;
};

}  // namespace cloister::dcap
