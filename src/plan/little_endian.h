// SPDX-License-Identifier: Apache-2.0
// Unaligned little-endian fields. Both sides; x86-64 only, where the host order is the wire order.
#pragma once
#include <cstdint>

namespace cloister {

inline std::uint32_t load_u32(const std::uint8_t* bytes) {
  std::uint32_t value;
  __builtin_memcpy(&value, bytes, sizeof value);
  return value;
}
inline std::uint64_t load_u64(const std::uint8_t* bytes) {
  std::uint64_t value;
  __builtin_memcpy(&value, bytes, sizeof value);
  return value;
}
inline void store_u32(std::uint8_t* bytes, std::uint32_t value) { __builtin_memcpy(bytes, &value, sizeof value); }
inline void store_u64(std::uint8_t* bytes, std::uint64_t value) { __builtin_memcpy(bytes, &value, sizeof value); }

}  // namespace cloister
