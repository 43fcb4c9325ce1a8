// SPDX-License-Identifier: Apache-2.0
// How much of the enclave's dynamic memory the program may have. What it asks for and may write is promised: a request
// that could not be kept is refused with ENOMEM, instead of a program that dies at some later touch. Stacks and
// MAP_NORESERVE are not promised, since nobody touches all of them; they take what is left.
#include "src/enclave/kernel/address_space/implementation.h"

namespace cloister::kernel {

bool AddressSpace::Implementation::is_promised(int protection, int flags) {
  constexpr int kUnpromised = MAP_NORESERVE | MAP_STACK | MAP_GROWSDOWN;
  return (protection & PROT_WRITE) != 0 && (flags & kUnpromised) == 0;
}

// Pages of a shared file mapping are the file's, but live here until they are unmapped.
bool AddressSpace::Implementation::promise(std::uint64_t size) {
  if (size > options.memory_size) return false;
  const std::uint64_t committed = core::committed_pages() * kPageSize;
  // Counting exactly looks at all pages, so a bound comes first: what was needed when last counted, what was promised
  // since, and whatever has been committed since, as if nothing of it had been promised.
  const std::uint64_t growth = committed > counted_committed ? committed - counted_committed : 0;
  if (needed + growth > options.memory_size - size) {
    needed = counted_committed = committed;
    for (const auto& [start, area] : areas)
      if (is_promised(area.protection, area.flags))
        needed += area.size() - core::count_committed(area.start, area.end) * kPageSize;
    if (needed > options.memory_size - size) return false;
  }
  needed += size;
  return true;
}

// Room for pages that are wanted now. The runtime has its own share, so that a full program does not stop it.
bool AddressSpace::Implementation::has_memory(std::uint64_t size) const {
  const std::uint64_t committed = core::committed_pages() * kPageSize;
  return committed <= options.memory_size && size <= options.memory_size - committed;
}
}  // namespace cloister::kernel
