// SPDX-License-Identifier: Apache-2.0
// Bytes that are overwritten before their memory is given back. Both sides; no dependence on a cryptographic library.
//
//   SecretBytes password = ...;      // a vector; wiped when it grows, moves away from its memory or ends
//   wipe(&key, sizeof key);          // for what lives in a structure
//
// It does not follow copies: whoever makes a std::string of a secret has made one that nobody wipes.
#pragma once
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace cloister {

// The compiler may not leave the writes out: it must assume that the empty statement reads the memory.
inline void wipe(void* memory, std::size_t size) {
  if (size > 0) std::memset(memory, 0, size);
  __asm__ volatile("" : : "r"(memory) : "memory");
}

template <typename T>
struct WipingAllocator {
  using value_type = T;
  WipingAllocator() = default;
  template <typename Other>
  WipingAllocator(const WipingAllocator<Other>&) {}
  T* allocate(std::size_t count) { return std::allocator<T>().allocate(count); }
  void deallocate(T* memory, std::size_t count) {
    wipe(memory, count * sizeof(T));
    std::allocator<T>().deallocate(memory, count);
  }
  template <typename Other>
  bool operator==(const WipingAllocator<Other>&) const {
    return true;
  }
};

using SecretBytes = std::vector<std::uint8_t, WipingAllocator<std::uint8_t>>;

inline std::string_view text_of(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline SecretBytes secret_from(std::string_view text) { return SecretBytes(text.begin(), text.end()); }

}  // namespace cloister
