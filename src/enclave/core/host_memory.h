// SPDX-License-Identifier: Apache-2.0
// Types of what crosses the boundary: an address of host memory cannot be dereferenced or taken for a program's
// address, and what lies there is no value before somebody has judged it. Trusted, freestanding; no cost at run time.
//
// They guard against mistakes of ours and prove nothing about the host: that an address lies outside is checked once,
// when the host names it (is_outside), and all others are sums of such an address and a bounded offset.
#pragma once
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include "src/boundary/host_call_table.h"

namespace cloister::core {
// The answer was impossible: one line, exit status 120.
[[noreturn]] void host_lied(HostCall call, const char* what);
[[noreturn]] void host_entered_wrongly(const char* what);

// A place in host memory.
class HostAddress {
 public:
  constexpr HostAddress() = default;
  constexpr explicit HostAddress(std::uint64_t word) : word_(word) {}
  constexpr HostAddress operator+(std::uint64_t offset) const { return HostAddress(word_ + offset); }
  constexpr HostAddress& operator+=(std::uint64_t offset) { return *this = *this + offset; }
  constexpr bool is_null() const { return word_ == 0; }
  // For requests, where it is a number among others, and for the few lines that access host memory.
  constexpr std::uint64_t word() const { return word_; }

 private:
  std::uint64_t word_ = 0;
};
static_assert(sizeof(HostAddress) == 8 && std::is_trivially_copyable_v<HostAddress>);

// A value as the host gave it: copied once, not yet judged.
template <typename T>
class [[nodiscard]] Untrusted {
 public:
  constexpr explicit Untrusted(T value) : value_(value) {}
  // The value, if it is at most `limit`; anything else is a lie.
  T at_most(T limit, HostCall call, const char* what) const requires std::unsigned_integral<T> {
    if (value_ > limit) [[unlikely]]
      host_lied(call, what);
    return value_;
  }
  // The lower half of a word in which a field of the kernel's has 32 bits.
  constexpr Untrusted<std::uint32_t> low_half() const requires std::same_as<T, std::uint64_t> {
    return Untrusted<std::uint32_t>(static_cast<std::uint32_t>(value_));
  }
  // Where the judgement is another one; the reason is for readers.
  template <std::size_t N>
  constexpr T unverified_because(const char (&)[N]) const {
    static_assert(N > 12, "say why");
    return value_;
  }

 private:
  T value_;
};

// What may be copied across whole: no padding that would leak (S-12), no pointers, a multiple of the units of access.
template <typename T>
concept HostSafe =
    std::is_trivially_copyable_v<T> && std::has_unique_object_representations_v<T> && !std::is_pointer_v<T> &&
    !std::is_enum_v<T> && sizeof(T) % 8 == 0;

// One aligned word of host memory. S-4: read once, then use the copy.
inline Untrusted<std::uint64_t> load_host_word(HostAddress address) {
  return Untrusted(*reinterpret_cast<const volatile std::uint64_t*>(address.word()));
}
inline void store_host_word(HostAddress address, std::uint64_t value) {
  *reinterpret_cast<volatile std::uint64_t*>(address.word()) = value;
}
// Copies between trusted memory and host memory in words; `host` 8-byte aligned.
void copy_to_host(HostAddress host, const void* from, std::size_t size);
void copy_from_host(void* to, HostAddress host, std::size_t size);

// An object of the host's that we read, and one that we write.
template <HostSafe T>
class HostIn {
 public:
  constexpr explicit HostIn(HostAddress address) : address_(address) {}
  Untrusted<T> load() const {
    T value;
    copy_from_host(&value, address_, sizeof value);
    return Untrusted<T>(value);
  }

 private:
  HostAddress address_;
};
template <HostSafe T>
class HostOut {
 public:
  constexpr explicit HostOut(HostAddress address) : address_(address) {}
  void store(const T& value) const { copy_to_host(address_, &value, sizeof value); }

 private:
  HostAddress address_;
};

// An argument of a host call: a number or an address of the caller's own host block.
class HostArgument {
 public:
  constexpr HostArgument() = default;
  template <typename T>
  requires std::integral<T> ||
      (std::is_enum_v<T>&& std::is_convertible_v<T, std::uint64_t>)constexpr HostArgument(T value)
      : word_(static_cast<std::uint64_t>(value)) {}
  constexpr HostArgument(HostAddress address) : word_(address.word()) {}
  constexpr std::uint64_t word() const { return word_; }

 private:
  std::uint64_t word_ = 0;
};
}  // namespace cloister::core
