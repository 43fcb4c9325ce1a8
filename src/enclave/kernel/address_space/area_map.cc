// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/kernel/address_space/area_map.h"
#include "src/enclave/core/check.h"

namespace cloister::kernel {
namespace {
// Whether `right`, which begins where `left` ends, continues it.
bool continues(const Area& left, const Area& right) {
  return left.end == right.start && left.protection == right.protection && left.flags == right.flags &&
         (left.flags & MAP_GROWSDOWN) == 0 && left.file == right.file && left.module == right.module &&
         left.name == right.name && left.file_writable == right.file_writable && left.modified == right.modified &&
         left.fork == right.fork && (left.is_anonymous() || left.file_offset + left.size() == right.file_offset);
}
}  // namespace

AreaMap::Iterator AreaMap::first_above(std::uint64_t address) {
  auto next = areas_.upper_bound(address);
  if (next != areas_.begin()) {
    const auto before = std::prev(next);
    if (before->second.end > address) return before;
  }
  return next;
}

Area* AreaMap::find(std::uint64_t address) {
  const auto at = first_above(address);
  return at != areas_.end() && at->second.start <= address ? &at->second : nullptr;
}

bool AreaMap::is_free(PageRange range) {
  const auto at = first_above(range.start);
  return at == areas_.end() || at->second.start >= range.end;
}

bool AreaMap::is_covered(PageRange range) {
  std::uint64_t address = range.start;
  for (auto at = first_above(address); address < range.end; ++at) {
    if (at == areas_.end() || at->second.start > address) return false;
    address = at->second.end;
  }
  return true;
}

void AreaMap::split_at(std::uint64_t address) {
  Area* const left = find(address);
  if (left == nullptr || left->start == address) return;
  Area right = *left;
  right.start = address;
  if (!right.is_anonymous()) right.file_offset = left->file_position(address);
  right.flags &= ~MAP_GROWSDOWN;  // only the lower part has room below
  left->end = address;
  areas_.emplace(address, std::move(right));
}

Area& AreaMap::insert(Area area) {
  ENCLAVE_CHECK(area.start < area.end && is_free(area.range()));
  const PageRange range = area.range();
  mapped_bytes_ += range.size();
  areas_.emplace(range.start, std::move(area));
  join(range);
  return *find(range.start);
}

void AreaMap::erase(PageRange range) {
  isolate(range);
  auto at = areas_.lower_bound(range.start);
  while (at != areas_.end() && at->second.start < range.end) {
    mapped_bytes_ -= at->second.size();
    at = areas_.erase(at);
  }
}

void AreaMap::join(PageRange range) {
  auto at = areas_.upper_bound(range.start);
  if (at != areas_.begin()) --at;
  if (at != areas_.begin()) --at;
  while (at != areas_.end() && at->second.start < range.end) {
    auto next = std::next(at);
    if (next == areas_.end()) return;
    Area& left = at->second;
    if (!continues(left, next->second)) {
      at = next;
      continue;
    }
    left.end = next->second.end;
    if (left.last_window.is_empty()) left.last_window = next->second.last_window;
    areas_.erase(next);
  }
}

void AreaMap::extend_down(Area& area, std::uint64_t start) {
  ENCLAVE_CHECK(start < area.start && is_free({start, area.start}));
  auto node = areas_.extract(area.start);
  mapped_bytes_ += node.mapped().start - start;
  node.key() = start;
  node.mapped().start = start;
  areas_.insert(std::move(node));
}
}  // namespace cloister::kernel
