// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/core/kept_pages.h"
#include <algorithm>
#include "src/boundary/rules.h"
#include "src/enclave/core/check.h"
#include "src/enclave/core/page_states.h"
#include "src/enclave/core/yielding_lock.h"

namespace cloister::core {
constinit PageCount kept_count{0};

namespace {
// Held while kept pages come, go or are handed out: the page manager may take them away for whoever needs memory.
constinit YieldingLock lock;
constinit std::uint64_t limit = 0;
constinit std::uint64_t lowest = 0;  // no kept page lies below

bool is_kept(std::uint8_t state) { return state == kPageKept; }

bool can_be_kept(std::uint8_t state) { return is_committed(state) && (state & kPageCode) == 0; }

long drop_run(std::uint64_t first, std::uint64_t size) { return remove_run(first, size, kept_count); }

void move_count(PageCount& from, PageCount& to, std::uint64_t bytes) {
  from.fetch_sub(bytes / kPageSize, std::memory_order_relaxed);
  to.fetch_add(bytes / kPageSize, std::memory_order_relaxed);
}
}  // namespace

void set_kept_limit(std::uint64_t pages) { limit = pages; }
std::uint64_t kept_pages() { return kept_count.load(std::memory_order_relaxed); }

long release_pages(std::uint64_t address, std::uint64_t size) {
  ENCLAVE_CHECK(is_aligned_range(address, size));
  {
    LockGuard guard(lock);
    // A host that cannot change permissions (too many mappings, say) may still be able to remove.
    (void)for_page_runs(address, size, kPageCommitted, can_be_kept,
                        [](std::uint64_t first, std::uint64_t bytes) -> long {
                          const std::uint64_t room = limit - std::min(limit, kept_pages());
                          bytes = std::min(bytes, room * kPageSize);
                          if (bytes == 0) return 0;
                          if (const long error = change_permissions(first, bytes, 0); error != 0) return error;
                          set_states(first, bytes, kPageKept);
                          lowest = kept_pages() == 0 ? first : std::min(lowest, first);
                          move_count(committed_count, kept_count, bytes);
                          return 0;
                        });
  }
  return remove_pages(address, size);
}

long reuse_pages(std::uint64_t address, std::uint64_t size) {
  ENCLAVE_CHECK(is_aligned_range(address, size));
  if (kept_pages() == 0) return 0;
  LockGuard guard(lock);
  return for_page_runs(address, size, kPageKept, is_kept, [](std::uint64_t first, std::uint64_t bytes) -> long {
    if (const long error = change_permissions(first, bytes, kPageRead | kPageWrite); error != 0) {
      remove_or_stop(first, bytes, kept_count);
      return error;
    }
    if (CLOISTER_KEEPS(S_16)) __builtin_memset(reinterpret_cast<void*>(first), 0, bytes);
    set_states(first, bytes, kPageCommitted | kPageRead | kPageWrite);
    move_count(kept_count, committed_count, bytes);
    return 0;
  });
}

long drop_kept_pages(std::uint64_t address, std::uint64_t size) {
  if (kept_pages() == 0) return 0;
  LockGuard guard(lock);
  return for_page_runs(address, size, kPageKept, is_kept, drop_run);
}

long drop_any_kept_pages(std::uint64_t count) {
  if (kept_pages() == 0) return 0;
  LockGuard guard(lock);
  while (count != 0 && kept_pages() != 0) {
    lowest = next_page(lowest, layout::kElrangeSize, kPageKept);
    std::uint64_t end = lowest;
    while (is_kept(page_state(end)) && end - lowest < count * kPageSize) end += kPageSize;
    if (const long error = drop_run(lowest, end - lowest); error != 0) return error;
    count -= (end - lowest) / kPageSize;
    lowest = end;
  }
  return 0;
}
}  // namespace cloister::core
