// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/core/runtime_memory.h"
#include <asm/errno.h>
#include "abi/enclave_layout.h"
#include "src/enclave/core/kept_pages.h"
#include "src/enclave/core/pages.h"
#include "src/enclave/core/yielding_lock.h"

namespace cloister::core {
namespace {
using layout::kPageSize;
constexpr std::uint64_t kBrkStep = 256 << 10;

constinit YieldingLock lock;

constinit std::uint64_t brk_end = layout::kRuntimeHeapLow;
constinit std::uint64_t brk_committed = layout::kRuntimeHeapLow;
constinit std::uint64_t map_next = layout::kRuntimeMapLow;

// Unmapped ranges that can be given out again, uncommitted.
struct Range {
  std::uint64_t address, size;
};
constexpr std::size_t kMaxFree = 256;
constinit Range free_ranges[kMaxFree] = {};
constinit std::size_t free_count = 0;

std::uint64_t page_up(std::uint64_t value) { return (value + kPageSize - 1) & ~(kPageSize - 1); }
bool in_map_area(std::uint64_t address, std::uint64_t size) {
  return address >= layout::kRuntimeMapLow && size <= layout::kRuntimeMapHigh &&
         address <= layout::kRuntimeMapHigh - size;
}

std::uint64_t take_range(std::uint64_t size, std::uint64_t alignment) {
  for (std::size_t i = 0; i < free_count; ++i) {
    if (free_ranges[i].size != size || free_ranges[i].address % alignment != 0) continue;
    const std::uint64_t address = free_ranges[i].address;
    free_ranges[i] = free_ranges[--free_count];
    return address;
  }
  const std::uint64_t address = (map_next + alignment - 1) & ~(alignment - 1);
  if (!in_map_area(address, size)) return 0;
  map_next = address + size;
  return address;
}
}  // namespace

long runtime_brk(std::uint64_t address) {
  LockGuard guard(lock);
  if (address < layout::kRuntimeHeapLow || address > layout::kRuntimeHeapHigh) return static_cast<long>(brk_end);
  if (address > brk_committed) {
    const std::uint64_t size = (address - brk_committed + kBrkStep - 1) / kBrkStep * kBrkStep;
    if (commit_pages(brk_committed, size, kPageRead | kPageWrite) != 0) return static_cast<long>(brk_end);
    brk_committed += size;
  }
  brk_end = address;
  return static_cast<long>(address);
}

long runtime_map(std::uint64_t size, std::uint64_t permissions, std::uint64_t alignment) {
  LockGuard guard(lock);
  if (size == 0 || size > layout::kRuntimeMapHigh - layout::kRuntimeMapLow) return -ENOMEM;
  size = page_up(size);
  const std::uint64_t address = take_range(size, alignment);
  if (address == 0) return -ENOMEM;
  if (permissions != 0) {
    if (permissions == (kPageRead | kPageWrite))
      if (const long error = reuse_pages(address, size); error != 0) return error;
    if (const long error = commit_pages(address, size, permissions); error != 0) return error;
  }
  return static_cast<long>(address);
}

long runtime_unmap(std::uint64_t address, std::uint64_t size) {
  LockGuard guard(lock);
  size = page_up(size);
  if (address % kPageSize != 0 || !in_map_area(address, size)) return -EINVAL;
  if (const long error = release_pages(address, size); error != 0) return error;
  if (free_count < kMaxFree) free_ranges[free_count++] = {address, size};
  return 0;
}

long runtime_protect(std::uint64_t address, std::uint64_t size, std::uint64_t permissions) {
  LockGuard guard(lock);
  size = page_up(size);
  if (!in_map_area(address, size)) return 0;  // the image's own pages keep what they were added with
  if (permissions != 0)
    if (const long error = commit_pages(address, size, kPageRead | kPageWrite); error != 0) return error;
  return protect_pages(address, size, permissions);
}
}  // namespace cloister::core
