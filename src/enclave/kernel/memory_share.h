// SPDX-License-Identifier: Apache-2.0
// How the limit of dynamic memory is shared between the program and the runtime. Trusted, kernel storey.
#pragma once
#include <algorithm>
#include <cstdint>
#include "abi/enclave_layout.h"

namespace cloister::kernel {
// Of the manifest's `heap_size`, in bytes.

// Measured files that are used again may take so much.
constexpr std::uint64_t chunk_cache_size(std::uint64_t heap_size) {
  constexpr std::uint64_t kLeast = 256 << 10, kMost = 64 << 20;
  return std::clamp(heap_size / 64, kLeast, kMost);
}

// The runtime keeps that, and a sixteenth for threads, descriptors and what it knows about mappings, so that a program
// that uses all its memory gets errors from a runtime that still works.
constexpr std::uint64_t program_memory_size(std::uint64_t heap_size) {
  constexpr std::uint64_t kLeast = 1 << 20, kMost = 32 << 20;
  const std::uint64_t runtime = std::clamp(heap_size / 16, kLeast, kMost) + chunk_cache_size(heap_size);
  return heap_size > runtime ? (heap_size - runtime) & ~(layout::kPageSize - 1) : 0;
}

// How much of what the program gives up stays in the enclave for its next request.
constexpr std::uint64_t kept_memory_size(std::uint64_t heap_size) {
  constexpr std::uint64_t kMost = 64 << 20;
  return heap_size / 4 < kMost ? heap_size / 4 : kMost;
}
}  // namespace cloister::kernel
