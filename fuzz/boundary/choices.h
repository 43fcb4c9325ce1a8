// SPDX-License-Identifier: Apache-2.0
// The fuzzer's input as a stream of choices. What is beyond its end is zero, and zero is always the plainest choice.
#pragma once
#include <cstddef>
#include <cstdint>

namespace cloister::fuzz {
class Choices {
 public:
  Choices(const std::uint8_t* data, std::size_t size) : at_(data), end_(data + size) {}
  bool is_exhausted() const { return at_ == end_; }
  std::uint8_t byte() { return at_ == end_ ? 0 : *at_++; }
  std::uint64_t word() {
    std::uint64_t value = 0;
    for (int i = 0; i < 8; ++i) value |= std::uint64_t{byte()} << (8 * i);
    return value;
  }
  // 0 to limit - 1, of at most two bytes.
  std::uint64_t below(std::uint64_t limit) {
    const std::uint64_t value = limit > 256 ? byte() | std::uint64_t{byte()} << 8 : byte();
    return limit == 0 ? 0 : value % limit;
  }
  // Small numbers, powers of two and their neighbours, or anything: what breaks arithmetic.
  std::uint64_t interesting() {
    const std::uint8_t kind = byte();
    if (kind < 128) return kind;
    if (kind < 192) return (1ULL << (kind & 63)) - 1 + byte() % 3;
    return kind < 224 ? 0 - std::uint64_t{byte()} : word();
  }

 private:
  const std::uint8_t *at_, *end_;
};
}  // namespace cloister::fuzz
