// SPDX-License-Identifier: Apache-2.0
// Memory of the runtime itself: what its malloc and its thread stacks are made of. Trusted, freestanding.
#pragma once
#include <cstdint>

namespace cloister::core {
// As brk(2) and mmap(2) of anonymous private memory. Addresses, or a negative errno.
long runtime_brk(std::uint64_t address);
long runtime_map(std::uint64_t size, std::uint64_t permissions, std::uint64_t alignment = 4096);
long runtime_unmap(std::uint64_t address, std::uint64_t size);
long runtime_protect(std::uint64_t address, std::uint64_t size, std::uint64_t permissions);
}  // namespace cloister::core
