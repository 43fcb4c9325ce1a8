// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/core/pages.h"
#include <asm/errno.h>
#include <atomic>
#include "abi/enclave_layout.h"
#include "src/boundary/rules.h"
#include "src/enclave/core/check.h"
#include "src/enclave/core/enclu.h"
#include "src/enclave/core/host_call.h"
#include "src/enclave/core/kept_pages.h"
#include "src/enclave/core/page_states.h"
#include "src/enclave/core/spinlock.h"

namespace cloister::core {
constinit PageCount committed_count{0};

namespace {
constinit std::atomic<int> refusal{0};
constinit std::uint64_t limit = ~0ULL;

// The state table has one byte per page of ELRANGE; its own pages are committed when first needed, noted here.
constinit std::atomic<std::uint64_t> table_pages[(layout::kElrangeSize >> 24) / 64] = {};
constinit Spinlock table_lock;

bool has_table_page(std::uint64_t address) {
  const std::uint64_t index = address >> 24;
  return (table_pages[index >> 6].load(std::memory_order_acquire) >> (index & 63) & 1) != 0;
}

sgx::Secinfo make_secinfo(std::uint64_t flags) {
  sgx::Secinfo info{};
  info.flags = flags;
  return info;
}

long host_augment(std::uint64_t address, std::uint64_t size, PageKind kind) {
  return host_call(HostCall::augment, address, size, static_cast<std::uint64_t>(kind));
}

void accept_or_stop(std::uint64_t flags, std::uint64_t address, HostCall call) {
  alignas(64) const sgx::Secinfo info = make_secinfo(flags);
  if (eaccept(&info, address) != 0 && CLOISTER_KEEPS(I_10)) host_lied(call, "EACCEPT refuses the page");
}

long ensure_table(std::uint64_t address, std::uint64_t size) {
  for (std::uint64_t at = address & ~((1ULL << 24) - 1); at < address + size; at += 1ULL << 24) {
    if (has_table_page(at)) continue;
    LockGuard guard(table_lock);
    if (has_table_page(at)) continue;
    const std::uint64_t page = layout::kPageStateBase + (at >> 12);
    if (const long error = host_augment(page, kPageSize, PageKind::data); error != 0) return error;
    accept_or_stop(sgx::kSecinfoPending | sgx::kSecinfoRegRw, page, HostCall::augment);
    table_pages[(at >> 24) >> 6].fetch_or(1ULL << ((at >> 24) & 63), std::memory_order_release);
  }
  return 0;
}

}  // namespace

long change_permissions(std::uint64_t address, std::uint64_t size, std::uint64_t permissions) {
  // A restriction needs EMODPR by the host and our EACCEPT; an extension is ours alone (EMODPE), then the page tables
  // follow.
  const std::uint64_t end = address + size;
  for (std::uint64_t at = address; at < end; at += kPageSize) {
    const std::uint64_t old = *state_of(at) & kPagePermissions;
    if ((permissions & ~old) == 0) continue;
    alignas(64) const sgx::Secinfo info =
        make_secinfo(sgx::secinfo_flags(sgx::PageType::reg, (permissions | old) & ~0ULL));
    emodpe(&info, at);
  }
  if (const long error = host_call(HostCall::protect, address, size, permissions); error != 0) return error;
  for (std::uint64_t at = address; at < end; at += kPageSize) {
    const std::uint64_t old = *state_of(at);
    if ((old & kPagePermissions & ~permissions) != 0)
      accept_or_stop(sgx::kSecinfoPr | sgx::secinfo_flags(sgx::PageType::reg, permissions), at, HostCall::protect);
    *state_of(at) = static_cast<std::uint8_t>((old & ~std::uint64_t{kPagePermissions}) | permissions);
  }
  return 0;
}

long remove_run(std::uint64_t address, std::uint64_t size, PageCount& count) {
  if (const long error = host_call(HostCall::remove, address, size); error != 0) return error;
  // Until this succeeds the host might have kept the page, and what it holds, at this address.
  alignas(64) const sgx::Secinfo trimmed =
      make_secinfo(sgx::kSecinfoModified | sgx::secinfo_flags(sgx::PageType::trim, 0));
  for (std::uint64_t at = address; at < address + size; at += kPageSize)
    if (eaccept(&trimmed, at) != 0 && CLOISTER_KEEPS(I_10))
      host_lied(HostCall::remove, "EACCEPT refuses a trimmed page");
  set_states(address, size, kPageAbsent);
  count.fetch_sub(size / kPageSize, std::memory_order_relaxed);
  return 0;
}

void remove_or_stop(std::uint64_t address, std::uint64_t size, PageCount& count) {
  if (remove_run(address, size, count) != 0)
    enclave_fail("the host can neither change the permissions of pages nor take them back", __FILE__, __LINE__);
}

std::uint8_t page_state(std::uint64_t address) {
  return has_table_page(address) ? *state_of(address) : std::uint8_t{kPageAbsent};
}
std::uint64_t next_page(std::uint64_t address, std::uint64_t end, std::uint8_t mask) {
  constexpr std::uint64_t kRegion = 1ULL << 24, kEight = 8 * kPageSize, kOnes = 0x0101010101010101;
  while (address < end) {
    if (!has_table_page(address)) {
      address = (address & ~(kRegion - 1)) + kRegion;
      continue;
    }
    const std::uint8_t* const state = state_of(address);
    if (address % kEight == 0 && (*reinterpret_cast<const std::uint64_t*>(state) & mask * kOnes) == 0) {
      address += kEight;
      continue;
    }
    if ((*state & mask) != 0) return address;
    address += kPageSize;
  }
  return end;
}
std::uint64_t next_committed(std::uint64_t address, std::uint64_t end) {
  return next_page(address, end, kPageCommitted);
}
std::uint64_t count_committed(std::uint64_t address, std::uint64_t end) {
  constexpr std::uint64_t kEight = 8 * kPageSize, kOnes = 0x0101010101010101;
  std::uint64_t count = 0;
  while ((address = next_committed(address, end)) < end) {
    if (address % kEight == 0 && end - address >= kEight) {
      const std::uint64_t word = *reinterpret_cast<const std::uint64_t*>(state_of(address));
      count += (word / kPageCommitted & kOnes) * kOnes >> 56;
      address += kEight;
    } else {
      ++count;
      address += kPageSize;
    }
  }
  return count;
}
std::uint64_t committed_pages() { return committed_count.load(std::memory_order_relaxed); }
void set_page_limit(std::uint64_t pages) { limit = pages; }
int page_refusal() { return refusal.load(std::memory_order_relaxed); }

namespace {
// New pages: from what is kept elsewhere first, so that the enclave holds no more than it must.
long augment(std::uint64_t address, std::uint64_t size, PageKind kind) {
  const std::uint64_t pages = size / kPageSize;
  if (const long error = drop_any_kept_pages(pages); error != 0) return error;
  if (committed_count.fetch_add(pages, std::memory_order_relaxed) + pages + kept_pages() > limit) {
    committed_count.fetch_sub(pages, std::memory_order_relaxed);
    refusal.store(0, std::memory_order_relaxed);
    return -ENOMEM;
  }
  long error = host_augment(address, size, kind);
  if (error == -ENOMEM && kept_pages() != 0) {  // each kept run is a mapping of the host's, of which there are so many
    drop_any_kept_pages(~0ULL);
    error = host_augment(address, size, kind);
  }
  if (error != 0) {
    committed_count.fetch_sub(pages, std::memory_order_relaxed);
    refusal.store(static_cast<int>(-error), std::memory_order_relaxed);
  }
  return error;
}

long commit_run(std::uint64_t address, std::uint64_t size, std::uint64_t permissions) {
  if (const long error = augment(address, size, PageKind::data); error != 0) return error;
  alignas(64) const sgx::Secinfo info = make_secinfo(sgx::kSecinfoPending | sgx::kSecinfoRegRw);
  for (std::uint64_t at = address; at < address + size; at += kPageSize)
    if (eaccept(&info, at) != 0 && CLOISTER_KEEPS(I_10)) host_lied(HostCall::augment, "EACCEPT refuses a new page");
  set_states(address, size, kPageCommitted | kPageRead | kPageWrite);
  if (permissions == (kPageRead | kPageWrite)) return 0;
  const long error = change_permissions(address, size, permissions);
  if (error != 0) remove_or_stop(address, size, committed_count);
  return error;
}
}  // namespace

long commit_pages(std::uint64_t address, std::uint64_t size, std::uint64_t permissions) {
  ENCLAVE_CHECK(is_aligned_range(address, size));
  if (const long error = ensure_table(address, size); error != 0) return error;
  if (const long error = drop_kept_pages(address, size); error != 0) return error;
  const std::uint64_t end = address + size;
  while (address < end) {
    const std::uint64_t next = next_committed(address, end);
    if (next > address)
      if (const long error = commit_run(address, next - address, permissions); error != 0) return error;
    address = next;
    while (address < end && is_committed(page_state(address))) address += kPageSize;
  }
  return 0;
}

namespace {
// The page tables get their permissions last: until then a thread that touches a page faults and finds it when it is
// complete.
long publish(std::uint64_t address, const void* from, std::uint64_t size, PageKind kind, std::uint64_t permissions) {
  ENCLAVE_CHECK(is_aligned_range(address, size) && reinterpret_cast<std::uint64_t>(from) % kPageSize == 0);
  if (const long error = ensure_table(address, size); error != 0) return error;
  if (const long error = drop_kept_pages(address, size); error != 0) return error;
  ENCLAVE_CHECK(next_committed(address, address + size) >= address + size);
  if (const long error = augment(address, size, kind); error != 0) return error;
  const std::uint64_t first = permissions | kPageRead;  // a page that nobody may read cannot be filled
  alignas(64) const sgx::Secinfo info = make_secinfo(sgx::secinfo_flags(sgx::PageType::reg, first));
  for (std::uint64_t done = 0; done < size; done += kPageSize)
    if (eacceptcopy(&info, address + done, reinterpret_cast<std::uint64_t>(from) + done) != 0)
      host_lied(HostCall::augment, "EACCEPTCOPY refuses a new page");
  set_states(address, size, kPageCommitted | (kind == PageKind::code ? std::uint64_t{kPageCode} : 0) | first);
  long error = host_call(HostCall::protect, address, size, first);
  if (error == 0 && first != permissions) error = change_permissions(address, size, permissions);
  if (error != 0) remove_or_stop(address, size, committed_count);
  return error;
}
}  // namespace

long publish_code(std::uint64_t address, const void* from, std::uint64_t size) {
  return publish(address, from, size, PageKind::code, kPageRead | kPageExecute);
}

long publish_data(std::uint64_t address, const void* from, std::uint64_t size, std::uint64_t permissions) {
  ENCLAVE_CHECK((permissions & kPageExecute) == 0);
  return publish(address, from, size, PageKind::filled, permissions);
}

long publish_shown(std::uint64_t address, const void* from, std::uint64_t size, std::uint64_t permissions) {
  ENCLAVE_CHECK((permissions & (kPageWrite | kPageExecute)) == 0);
  return publish(address, from, size, PageKind::shown, permissions);
}

long protect_pages(std::uint64_t address, std::uint64_t size, std::uint64_t permissions) {
  ENCLAVE_CHECK(is_aligned_range(address, size));
  ENCLAVE_CHECK((permissions & (kPageWrite | kPageExecute)) != (kPageWrite | kPageExecute));
  return for_page_runs(
      address, size, kPageCommitted,
      [permissions](std::uint8_t state) { return is_committed(state) && (state & kPagePermissions) != permissions; },
      [permissions](std::uint64_t first, std::uint64_t bytes) {
        return change_permissions(first, bytes, permissions);
      });
}

long make_executable(std::uint64_t address, std::uint64_t size) {
  if (const long error = protect_pages(address, size, kPageRead); error != 0) return error;
  return protect_pages(address, size, kPageRead | kPageExecute);
}

long remove_pages(std::uint64_t address, std::uint64_t size) {
  ENCLAVE_CHECK(is_aligned_range(address, size));
  return for_page_runs(address, size, kPageCommitted, is_committed, [](std::uint64_t first, std::uint64_t bytes) {
    return remove_run(first, bytes, committed_count);
  });
}
}  // namespace cloister::core
