// SPDX-License-Identifier: Apache-2.0
// What pages.cc and kept_pages.cc share: the table with one byte per page of ELRANGE, and the steps that change pages.
// Trusted, freestanding. For those two alone.
#pragma once
#include <atomic>
#include <cstdint>
#include "abi/enclave_layout.h"
#include "src/enclave/core/pages.h"

namespace cloister::core {
using layout::kPageSize;

using PageCount = std::atomic<std::uint64_t>;
extern PageCount committed_count, kept_count;

inline std::uint8_t* state_of(std::uint64_t address) {
  return reinterpret_cast<std::uint8_t*>(layout::kPageStateBase + (address >> 12));
}
inline bool is_committed(std::uint8_t state) { return (state & kPageCommitted) != 0; }
inline bool is_aligned_range(std::uint64_t address, std::uint64_t size) {
  return address % kPageSize == 0 && size % kPageSize == 0 && address + size <= layout::kElrangeSize &&
         address + size >= address;
}
inline void set_states(std::uint64_t address, std::uint64_t size, std::uint64_t state) {
  std::uint8_t* const first = state_of(address);
  for (std::uint64_t i = 0; i < size / kPageSize; ++i) first[i] = static_cast<std::uint8_t>(state);
}

// The first page in [address, end) whose state has a bit of `mask`, or a value >= end. Whole absent regions cost next
// to nothing.
std::uint64_t next_page(std::uint64_t address, std::uint64_t end, std::uint8_t mask);

// Calls run(first, size) -> long for each maximal run of pages whose state satisfies `wanted`, which absent pages do
// not.
template <typename Wanted, typename Run>
long for_page_runs(std::uint64_t address, std::uint64_t size, std::uint8_t mask, Wanted wanted, Run run) {
  const std::uint64_t end = address + size;
  while ((address = next_page(address, end, mask)) < end) {
    std::uint64_t last = address;
    while (last < end && wanted(page_state(last))) last += kPageSize;
    if (last == address) {
      address += kPageSize;
      continue;
    }
    if (const long error = run(address, last - address); error != 0) return error;
    address = last;
  }
  return 0;
}

// EMODPE, EMODPR and EACCEPT, as needed, of pages that are there.
long change_permissions(std::uint64_t address, std::uint64_t size, std::uint64_t permissions);
// EMODT, EACCEPT and EREMOVE of pages that are there, which are counted in `count`.
long remove_run(std::uint64_t address, std::uint64_t size, PageCount& count);
// After a change that the host says has failed nobody knows what the page tables show, and the program may have access
// to what it must not see: the pages go, or the enclave stops.
void remove_or_stop(std::uint64_t address, std::uint64_t size, PageCount& count);
}  // namespace cloister::core
