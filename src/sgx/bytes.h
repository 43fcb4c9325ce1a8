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
// Without a branch for each byte: an image has thousands of records that are checked so at every start.
template <std::size_t kSize>
bool all_zero(const std::uint8_t (&bytes)[kSize]) {
  std::uint8_t any = 0;
  for (const std::uint8_t byte : bytes) any |= byte;
  return any == 0;
}

}  // namespace cloister::sgx
