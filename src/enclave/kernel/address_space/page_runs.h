// SPDX-License-Identifier: Apache-2.0
// Runs of pages in the same state, and the page manager's answers as errors. Trusted, kernel storey. One host call a
// run, never one a page.
#pragma once
#include "src/base/result.h"
#include "src/enclave/core/pages.h"
#include "src/enclave/kernel/address_space/area_map.h"

namespace cloister::kernel {

inline Error failure(int error) { return Error::from_errno(error); }
// The page manager's 0 or negative errno.
inline Result<void> checked(long result) {
  if (result != 0) return Error::from_errno(static_cast<int>(-result), "dynamic memory");
  return {};
}

inline bool is_committed(std::uint64_t page) { return (core::page_state(page) & core::kPageCommitted) != 0; }

// What the pages of a mapping with `protection` may do. Every x86 page that may be written or executed may be read, and
// none is ever writable and executable: where both are asked for, faults switch between the two.
inline std::uint64_t page_permissions(int protection) {
  if ((protection & PROT_WRITE) != 0) return kPageRead | kPageWrite;
  if ((protection & PROT_EXEC) != 0) return kPageRead | kPageExecute;
  return (protection & PROT_READ) != 0 ? kPageRead : 0;
}

// The longest run of absent pages around `page` (which is absent) in `bounds`.
inline PageRange absent_run(std::uint64_t page, PageRange bounds) {
  PageRange run{page, page + kPageSize};
  while (run.start > bounds.start && !is_committed(run.start - kPageSize)) run.start -= kPageSize;
  while (run.end < bounds.end && !is_committed(run.end)) run.end += kPageSize;
  return run;
}

// Calls visit(run, state) -> Result<void> for each maximal run of committed pages in one state. visit may change them.
template <typename Visit>
Result<void> for_committed_runs(PageRange range, Visit visit) {
  std::uint64_t at = core::next_committed(range.start, range.end);
  while (at < range.end) {
    const std::uint8_t state = core::page_state(at);
    PageRange run{at, at + kPageSize};
    while (run.end < range.end && core::page_state(run.end) == state) run.end += kPageSize;
    TRY(visit(run, state));
    at = core::next_committed(run.end, range.end);
  }
  return {};
}
}  // namespace cloister::kernel
