// SPDX-License-Identifier: Apache-2.0
// Program addresses: the third kind beside ours and the host's. Trusted; usable from both storeys.
//
// A program address is a number until it is copied through here: the range must lie in the program's part of ELRANGE,
// and a fault during the copy is resolved (demand-zero pages, files read in on demand) or becomes EFAULT. No lock that
// the fault handler takes may be held by the caller.
#pragma once
#include <cstddef>
#include <cstdint>
#include "abi/enclave_layout.h"
#include "src/enclave/core/host_memory.h"

namespace cloister::core {

enum class Access : std::uint8_t { read, write, execute };

// TASK_SIZE_MAX of Linux: what begins there is no memory of any program.
inline constexpr std::uint64_t kUserEnd = 0x7fff'ffff'f000;
inline bool is_user_range(std::uint64_t address, std::uint64_t size) {
  return size <= kUserEnd && address <= kUserEnd - size;
}
inline bool is_program_range(std::uint64_t address, std::uint64_t size) {
  return address >= layout::kProgramLow && size <= layout::kProgramHigh && address <= layout::kProgramHigh - size;
}

// Each returns whether all of it was copied. A false result means EFAULT.
[[nodiscard]] bool copy_from_program(void* to, std::uint64_t from, std::size_t size);
[[nodiscard]] bool copy_to_program(std::uint64_t to, const void* from, std::size_t size);
[[nodiscard]] bool zero_program(std::uint64_t to, std::size_t size);
// Between the bounce buffer at `host` (8-byte aligned, checked by the caller's host block) and the program.
[[nodiscard, gnu::hot]] bool copy_host_to_program_checked(std::uint64_t to, HostAddress host, std::size_t size);
[[nodiscard, gnu::hot]] bool copy_program_to_host_checked(HostAddress host, std::uint64_t from, std::size_t size);
// The string with its terminator: its length, or -EFAULT, or -ENAMETOOLONG when `size` bytes hold no terminator.
long copy_string_from_program(char* to, std::uint64_t from, std::size_t size);

[[nodiscard]] bool load_program_u32_checked(std::uint64_t from, std::uint32_t* value);
// *expected is what was found; equal to the old *expected when the exchange happened.
[[nodiscard]] bool compare_exchange_program_u32_checked(std::uint64_t at, std::uint32_t* expected,
                                                        std::uint32_t desired);

// T may be any trivially copyable structure of the Linux ABI.
template <typename T>
[[nodiscard]] bool load_program(std::uint64_t from, T* value) {
  return copy_from_program(value, from, sizeof(T));
}
template <typename T>
[[nodiscard]] bool store_program(std::uint64_t to, const T& value) {
  return copy_to_program(to, &value, sizeof(T));
}

// Set by the kernel storey: makes the page at `address` accessible, or returns false. Runs with the runtime's FS base.
using FaultResolver = bool (*)(std::uint64_t address, Access access);
extern FaultResolver fault_resolver;
}  // namespace cloister::core
