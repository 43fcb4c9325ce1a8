// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/vfs/lock_table.h"
#include <algorithm>

namespace cloister::vfs {
namespace {
bool overlap(const LockRange& a, const LockRange& b) { return a.start <= b.end && b.start <= a.end; }
}  // namespace

std::optional<RecordLock> LockTable::conflict(const RecordLock& wanted) const {
  if (wanted.type == LockType::none) return std::nullopt;
  for (const RecordLock& lock : locks_)
    if (lock.owner != wanted.owner && overlap(lock.range, wanted.range) &&
        (lock.type == LockType::write || wanted.type == LockType::write))
      return lock;
  return std::nullopt;
}

void LockTable::set(const RecordLock& lock) {
  std::vector<RecordLock> kept;
  RecordLock merged = lock;
  for (const RecordLock& old : locks_) {
    if (old.owner != lock.owner) {
      kept.push_back(old);
      continue;
    }
    const bool adjacent = (old.range.end != ~0ULL && old.range.end + 1 == merged.range.start) ||
                          (merged.range.end != ~0ULL && merged.range.end + 1 == old.range.start);
    if (old.type == merged.type && (overlap(old.range, merged.range) || adjacent)) {
      merged.range = {std::min(old.range.start, merged.range.start), std::max(old.range.end, merged.range.end)};
      continue;
    }
    if (!overlap(old.range, lock.range)) {
      kept.push_back(old);
      continue;
    }
    RecordLock part = old;
    if (old.range.start < lock.range.start) {
      part.range = {old.range.start, lock.range.start - 1};
      kept.push_back(part);
    }
    if (old.range.end > lock.range.end) {
      part.range = {lock.range.end + 1, old.range.end};
      kept.push_back(part);
    }
  }
  if (merged.type != LockType::none) kept.push_back(merged);
  locks_ = std::move(kept);
}

void LockTable::remove_owner(const void* owner) {
  std::erase_if(locks_, [owner](const RecordLock& lock) { return lock.owner == owner; });
}

bool LockTable::has_owner(const void* owner) const {
  return std::any_of(locks_.begin(), locks_.end(), [owner](const RecordLock& lock) { return lock.owner == owner; });
}

std::vector<RecordLock> LockTable::of_owner(const void* owner) const {
  std::vector<RecordLock> list;
  for (const RecordLock& lock : locks_)
    if (lock.owner == owner) list.push_back(lock);
  return list;
}
}  // namespace cloister::vfs
