// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/core/pages.h"
#include <asm/errno.h>
#include <atomic>
#include "abi/enclave_layout.h"
#include "src/boundary/rules.h"
#include "src/enclave/core/check.h"
#include "src/enclave/core/enclu.h"
#include "src/enclave/core/host_call.h"
#include "src/enclave/core/spinlock.h"

namespace cloister::core {
namespace {
using layout::kPageSize;

constinit std::atomic<std::uint64_t> committed{0};
constinit std::uint64_t limit = ~0ULL;

// The state table has one byte per page of ELRANGE; its own pages are committed when first needed, noted here.
constinit std::atomic<std::uint64_t> table_pages[(layout::kElrangeSize >> 24) / 64] = {};
constinit Spinlock table_lock;

std::uint8_t* state_of(std::uint64_t address) {
  return reinterpret_cast<std::uint8_t*>(layout::kPageStateBase + (address >> 12));
}
bool has_table_page(std::uint64_t address) {
  const std::uint64_t index = address >> 24;
  return (table_pages[index >> 6].load(std::memory_order_acquire) >> (index & 63) & 1) != 0;
}

bool is_committed(std::uint8_t state) { return (state & kPageCommitted) != 0; }

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
    SpinGuard guard(table_lock);
    if (has_table_page(at)) continue;
    const std::uint64_t page = layout::kPageStateBase + (at >> 12);
    if (const long error = host_augment(page, kPageSize, PageKind::data); error != 0) return error;
    accept_or_stop(sgx::kSecinfoPending | sgx::kSecinfoRegRw, page, HostCall::augment);
    table_pages[(at >> 24) >> 6].fetch_or(1ULL << ((at >> 24) & 63), std::memory_order_release);
  }
  return 0;
}

// Calls run(first, size) for each maximal run of pages whose state satisfies `wanted`.
template <typename Wanted, typename Run>
long for_runs(std::uint64_t address, std::uint64_t size, Wanted wanted, Run run) {
  const std::uint64_t end = address + size;
  while (address < end) {
    while (address < end && !wanted(page_state(address)))
      address = wanted(kPageAbsent) ? address + kPageSize : next_committed(address + kPageSize, end);
    if (address >= end) break;
    std::uint64_t last = address;
    while (last < end && wanted(page_state(last))) last += kPageSize;
    if (const long error = run(address, last - address); error != 0) return error;
    address = last;
  }
  return 0;
}

void set_states(std::uint64_t address, std::uint64_t size, std::uint64_t state) {
  std::uint8_t* first = state_of(address);
  for (std::uint64_t i = 0; i < size / kPageSize; ++i) first[i] = static_cast<std::uint8_t>(state);
}

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

bool is_aligned_range(std::uint64_t address, std::uint64_t size) {
  return address % kPageSize == 0 && size % kPageSize == 0 && address + size <= layout::kElrangeSize &&
         address + size >= address;
}
}  // namespace

std::uint8_t page_state(std::uint64_t address) {
  return has_table_page(address) ? *state_of(address) : std::uint8_t{kPageAbsent};
}
std::uint64_t next_committed(std::uint64_t address, std::uint64_t end) {
  constexpr std::uint64_t kRegion = 1ULL << 24, kEight = 8 * kPageSize;
  while (address < end) {
    if (!has_table_page(address)) {
      address = (address & ~(kRegion - 1)) + kRegion;
      continue;
    }
    const std::uint8_t* const state = state_of(address);
    if (address % kEight == 0 && *reinterpret_cast<const std::uint64_t*>(state) == 0) {  // eight absent pages
      address += kEight;
      continue;
    }
    if (is_committed(*state)) return address;
    address += kPageSize;
  }
  return end;
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
std::uint64_t committed_pages() { return committed.load(std::memory_order_relaxed); }
void set_page_limit(std::uint64_t pages) { limit = pages; }

long commit_pages(std::uint64_t address, std::uint64_t size, std::uint64_t permissions) {
  ENCLAVE_CHECK(is_aligned_range(address, size));
  if (const long error = ensure_table(address, size); error != 0) return error;
  return for_runs(
      address, size, [](std::uint8_t state) { return !is_committed(state); },
      [permissions](std::uint64_t first, std::uint64_t bytes) -> long {
        const std::uint64_t pages = bytes / kPageSize;
        if (committed.fetch_add(pages, std::memory_order_relaxed) + pages > limit) {
          committed.fetch_sub(pages, std::memory_order_relaxed);
          return -ENOMEM;
        }
        if (const long error = host_augment(first, bytes, PageKind::data); error != 0) {
          committed.fetch_sub(pages, std::memory_order_relaxed);
          return error;
        }
        alignas(64) const sgx::Secinfo info = make_secinfo(sgx::kSecinfoPending | sgx::kSecinfoRegRw);
        for (std::uint64_t at = first; at < first + bytes; at += kPageSize)
          if (eaccept(&info, at) != 0 && CLOISTER_KEEPS(I_10))
            host_lied(HostCall::augment, "EACCEPT refuses a new page");
        set_states(first, bytes, kPageCommitted | kPageRead | kPageWrite);
        if (permissions != (kPageRead | kPageWrite)) return change_permissions(first, bytes, permissions);
        return 0;
      });
}

namespace {
// The page tables get their permissions last: until then a thread that touches a page faults and finds it when it is
// complete.
long publish(std::uint64_t address, const void* from, std::uint64_t size, PageKind kind, std::uint64_t permissions) {
  ENCLAVE_CHECK(is_aligned_range(address, size) && reinterpret_cast<std::uint64_t>(from) % kPageSize == 0);
  if (const long error = ensure_table(address, size); error != 0) return error;
  ENCLAVE_CHECK(next_committed(address, address + size) >= address + size);
  const std::uint64_t pages = size / kPageSize;
  if (committed.fetch_add(pages, std::memory_order_relaxed) + pages > limit) {
    committed.fetch_sub(pages, std::memory_order_relaxed);
    return -ENOMEM;
  }
  if (const long error = host_augment(address, size, kind); error != 0) {
    committed.fetch_sub(pages, std::memory_order_relaxed);
    return error;
  }
  const std::uint64_t first = permissions | kPageRead;  // a page that nobody may read cannot be filled
  alignas(64) const sgx::Secinfo info = make_secinfo(sgx::secinfo_flags(sgx::PageType::reg, first));
  for (std::uint64_t done = 0; done < size; done += kPageSize)
    if (eacceptcopy(&info, address + done, reinterpret_cast<std::uint64_t>(from) + done) != 0)
      host_lied(HostCall::augment, "EACCEPTCOPY refuses a new page");
  set_states(address, size, kPageCommitted | (kind == PageKind::code ? std::uint64_t{kPageCode} : 0) | first);
  if (const long error = host_call(HostCall::protect, address, size, first); error != 0) return error;
  return first != permissions ? change_permissions(address, size, permissions) : 0;
}
}  // namespace

long publish_code(std::uint64_t address, const void* from, std::uint64_t size) {
  return publish(address, from, size, PageKind::code, kPageRead | kPageExecute);
}

long publish_data(std::uint64_t address, const void* from, std::uint64_t size, std::uint64_t permissions) {
  ENCLAVE_CHECK((permissions & kPageExecute) == 0);
  return publish(address, from, size, PageKind::filled, permissions);
}

long protect_pages(std::uint64_t address, std::uint64_t size, std::uint64_t permissions) {
  ENCLAVE_CHECK(is_aligned_range(address, size));
  ENCLAVE_CHECK((permissions & (kPageWrite | kPageExecute)) != (kPageWrite | kPageExecute));
  return for_runs(
      address, size,
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
  return for_runs(address, size, is_committed, [](std::uint64_t first, std::uint64_t bytes) {
    if (const long error = host_call(HostCall::remove, first, bytes); error != 0) return error;
    // Until this succeeds the host might have kept the page, and what it holds, at this address.
    alignas(64) const sgx::Secinfo trimmed =
        make_secinfo(sgx::kSecinfoModified | sgx::secinfo_flags(sgx::PageType::trim, 0));
    for (std::uint64_t at = first; at < first + bytes; at += kPageSize)
      if (eaccept(&trimmed, at) != 0 && CLOISTER_KEEPS(I_10))
        host_lied(HostCall::remove, "EACCEPT refuses a trimmed page");
    set_states(first, bytes, kPageAbsent);
    committed.fetch_sub(bytes / kPageSize, std::memory_order_relaxed);
    return 0L;
  });
}
}  // namespace cloister::core
