// SPDX-License-Identifier: Apache-2.0
// Whole-array copies and zero checks for the byte fields of SGX structures, sizes checked by the compiler. Both sides.
#pragma once
#include <algorithm>
#include <cstdint>
#include <span>

namespace cloister::sgx {

template <std::size_t kSize>
void copy_bytes(std::uint8_t (&to)[kSize], std::span<const std::uint8_t, kSize> from) {
  std::copy(from.begin(), from.end(), to);
}
template <std::size_t kSize>
void copy_bytes(std::uint8_t (&to)[kSize], const std::uint8_t (&from)[kSize]) {
  std::copy(std::begin(from), std::end(from), to);
}
// Not for secrets: it stops at the first byte that is set.
template <std::size_t kSize>
bool all_zero(const std::uint8_t (&bytes)[kSize]) {
  return std::all_of(std::begin(bytes), std::end(bytes), [](std::uint8_t byte) { return byte == 0; });
}

}  // namespace cloister::sgx
