// SPDX-License-Identifier: Apache-2.0
// The in-enclave table of record locks of one file: pure data, no waiting. Trusted, kernel storey.
#pragma once
#include <vector>
#include "src/enclave/vfs/locks.h"

namespace cloister::vfs {
class LockTable {
 public:
  // The first lock of another owner that `wanted` cannot stand beside.
  std::optional<RecordLock> conflict(const RecordLock& wanted) const;
  // Puts `lock` in, over what its owner has there; LockType::none only clears.
  void set(const RecordLock& lock);
  void remove_owner(const void* owner);
  bool has_owner(const void* owner) const;
  bool is_empty() const { return locks_.empty(); }
  std::vector<RecordLock> of_owner(const void* owner) const;

 private:
  std::vector<RecordLock> locks_;
};
}  // namespace cloister::vfs
