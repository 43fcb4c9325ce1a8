// SPDX-License-Identifier: Apache-2.0
// The memory that host calls name, as a host writes it.
#pragma once
#include <cstdint>
#include <cstring>
#include "fuzz/boundary/choices.h"

namespace cloister::fuzz {
template <typename T>
T* memory(std::uint64_t address) {
  return reinterpret_cast<T*>(address);
}
template <typename T>
void put(std::uint64_t address, const T& value) {
  std::memcpy(memory<char>(address), &value, sizeof value);
}

inline std::size_t fill(std::uint64_t address, std::uint64_t size, std::uint8_t byte) {
  std::memset(memory<char>(address), byte, size);
  return size;
}

// All, or less.
inline std::uint64_t part_of(std::uint64_t size, Choices& choices) {
  const std::uint8_t choice = choices.byte();
  return choice == 0 ? size : size * choice / 256;
}
}  // namespace cloister::fuzz
