// SPDX-License-Identifier: Apache-2.0
// How the limit of dynamic memory is shared between the program and the runtime. Trusted, kernel storey.
#pragma once
#include <algorithm>
#include <cstdint>
#include "abi/enclave_layout.h"

namespace cloister::kernel {
// Of the manifest's `heap_size`, in bytes. The runtime keeps a sixteenth for threads, descriptors and what it knows
// about mappings, so that a program that uses all its memory gets errors from a runtime that still works.
constexpr std::uint64_t runtime_memory_size(std::uint64_t heap_size) {
  constexpr std::uint64_t kLeast = 1 << 20, kMost = 32 << 20;
  return std::clamp(heap_size / 16, kLeast, kMost);
}
constexpr std::uint64_t program_memory_size(std::uint64_t heap_size) {
  const std::uint64_t runtime = runtime_memory_size(heap_size);
  return heap_size > runtime ? (heap_size - runtime) & ~(layout::kPageSize - 1) : 0;
}

// How much of what the program gives up stays in the enclave for its next request.
constexpr std::uint64_t kept_memory_size(std::uint64_t heap_size) {
  constexpr std::uint64_t kMost = 64 << 20;
  return heap_size / 4 < kMost ? heap_size / 4 : kMost;
}

// How much of the runtime's share measured files that are used again may take.
constexpr std::uint64_t chunk_cache_size(std::uint64_t heap_size) { return runtime_memory_size(heap_size) / 4; }
}  // namespace cloister::kernel
