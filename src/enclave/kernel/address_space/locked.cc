// SPDX-License-Identifier: Apache-2.0
// mlock and its kin: the pages come at once, and advice does not take them away. That they stay in the processor's
// protected memory is the host's to decide.
#include <algorithm>
#include "src/enclave/kernel/address_space/implementation.h"

namespace cloister::kernel {
namespace {
bool is_locked(const Area& area) { return (area.flags & MAP_LOCKED) != 0; }
}  // namespace

std::uint64_t AddressSpace::Implementation::locked_bytes() {
  std::uint64_t bytes = 0;
  for (const auto& [start, area] : areas) bytes += is_locked(area) ? area.size() : 0;
  return bytes;
}

bool AddressSpace::Implementation::has_locked(PageRange range) {
  for (auto at = areas.first_above(range.start); at != areas.end() && at->second.start < range.end; ++at)
    if (is_locked(at->second)) return true;
  return false;
}

Result<void> AddressSpace::Implementation::lock(PageRange range, LockedPages pages, std::uint64_t limit) {
  if (!areas.is_covered(range)) return failure(ENOMEM);
  std::uint64_t more = 0;
  for (auto at = areas.first_above(range.start); at != areas.end() && at->second.start < range.end; ++at)
    if (!is_locked(at->second)) more += at->second.range().clipped_to(range).size();
  const std::uint64_t locked = locked_bytes();
  if (locked > limit || more > limit - locked) return failure(ENOMEM);
  areas.isolate(range);
  bool is_complete = true;
  for (auto at = areas.first_above(range.start); at != areas.end() && at->second.start < range.end; ++at) {
    Area& area = at->second;
    area.flags |= MAP_LOCKED;
    if (pages == LockedPages::when_touched || area.protection == PROT_NONE) continue;
    populate(area.range(),
             (area.protection & PROT_WRITE) != 0 && !area.is_shared() ? core::Access::write : core::Access::read);
    is_complete &= core::count_committed(area.start, area.end) * kPageSize == area.size();
  }
  areas.join(range);
  if (!is_complete) return failure(ENOMEM);
  return {};
}

Result<void> AddressSpace::Implementation::unlock(PageRange range) {
  if (!areas.is_covered(range)) return failure(ENOMEM);
  areas.isolate(range);
  for (auto at = areas.first_above(range.start); at != areas.end() && at->second.start < range.end; ++at)
    at->second.flags &= ~MAP_LOCKED;
  areas.join(range);
  return {};
}

Result<void> AddressSpace::Implementation::lock_all(LockAll what, LockedPages pages, std::uint64_t limit) {
  if (what.current && areas.mapped_bytes() > limit) return failure(ENOMEM);
  locks_future = what.future;
  future_pages = pages;
  if (!what.current) return {};
  std::vector<PageRange> ranges;  // joining changes the map
  for (const auto& [start, area] : areas) ranges.push_back(area.range());
  for (const PageRange& range : ranges)
    (void)lock(range, pages, ~std::uint64_t{0}).ok();  // as many as there is room for
  return {};
}

void AddressSpace::Implementation::unlock_all() {
  locks_future = false;
  for (auto& [start, area] : areas) area.flags &= ~MAP_LOCKED;
  areas.join(program());
}
}  // namespace cloister::kernel
