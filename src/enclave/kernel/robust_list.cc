// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/kernel/robust_list.h"
#include <linux/futex.h>
#include "src/enclave/core/futex.h"
#include "src/enclave/core/program_access.h"
#include "src/enclave/kernel/task.h"

namespace cloister::kernel {
namespace {
struct RobustListHead {  // struct robust_list_head
  std::uint64_t first;
  std::int64_t futex_offset;
  std::uint64_t pending;
};
constexpr int kMostEntries = 2048;  // Linux's ROBUST_LIST_LIMIT: the list may be a circle
constexpr std::uint64_t kPriorityInheritance = 1;

enum class Entry { listed, pending };

// False: the word cannot be used, and the walk ends.
bool release_futex(std::uint64_t address, std::uint32_t tid, bool has_priority_inheritance, Entry entry) {
  if (address % 4 != 0) return false;
  std::uint32_t value;
  if (!core::load_program_u32_checked(address, &value)) return false;
  for (;;) {
    // Between unlocking and waking: the waiters would sleep for ever.
    if (entry == Entry::pending && !has_priority_inheritance && value == 0) {
      core::futex_wake(address, 1, ~0u);
      return true;
    }
    if ((value & FUTEX_TID_MASK) != tid) return true;
    std::uint32_t expected = value;
    if (!core::compare_exchange_program_u32_checked(address, &expected, (value & FUTEX_WAITERS) | FUTEX_OWNER_DIED))
      return false;
    if (expected == value) break;
    value = expected;
  }
  if (!has_priority_inheritance && (value & FUTEX_WAITERS) != 0) core::futex_wake(address, 1, ~0u);
  return true;
}
}  // namespace

void release_robust_list(Task& task) {
  RobustListHead head;
  if (task.robust_list == 0 || !core::load_program(task.robust_list, &head)) return;
  const auto futex_of = [&head](std::uint64_t entry) {
    return (entry & ~kPriorityInheritance) + static_cast<std::uint64_t>(head.futex_offset);
  };
  std::uint64_t entry = head.first;
  for (int count = 0; count < kMostEntries && (entry & ~kPriorityInheritance) != task.robust_list; ++count) {
    std::uint64_t next;
    const bool has_next = core::load_program(entry & ~kPriorityInheritance, &next);
    if (entry != head.pending &&
        !release_futex(futex_of(entry), task.tid, (entry & kPriorityInheritance) != 0, Entry::listed))
      return;
    if (!has_next) return;
    entry = next;
  }
  if (head.pending != 0)
    release_futex(futex_of(head.pending), task.tid, (head.pending & kPriorityInheritance) != 0, Entry::pending);
}
}  // namespace cloister::kernel
