// SPDX-License-Identifier: Apache-2.0
// Faults of the program: what is missing comes, in windows that follow how the program goes through its memory.
#include <algorithm>
#include "src/enclave/core/check.h"
#include "src/enclave/core/host_call.h"
#include "src/enclave/kernel/address_space/implementation.h"
#include "src/enclave/kernel/address_space/window.h"

namespace cloister::kernel {
namespace {
bool allows(int protection, core::Access access) {
  switch (access) {
    case core::Access::read: return protection != PROT_NONE;
    case core::Access::write: return (protection & PROT_WRITE) != 0;
    case core::Access::execute: return (protection & PROT_EXEC) != 0;
  }
  return false;
}
std::uint64_t needed_permission(core::Access access) {
  switch (access) {
    case core::Access::read: return kPageRead;
    case core::Access::write: return kPageWrite;
    case core::Access::execute: return kPageExecute;
  }
  return kPageRead;
}
FaultResult as_fault(const Result<void>& result) {
  return result.ok() ? FaultResult::resolved : FaultResult::out_of_memory;
}
}  // namespace

FaultResult AddressSpace::Implementation::resolve_fault(std::uint64_t address, core::Access access) {
  const std::uint64_t page = page_down(address);
  if (!program().contains(page)) return FaultResult::no_mapping;
  Area* area = areas.find(page);
  if (area == nullptr) area = grow_stack(page);
  if (area == nullptr) return FaultResult::no_mapping;
  if (!allows(area->protection, access)) return FaultResult::not_permitted;
  const std::uint8_t state = core::page_state(page);
  if ((state & core::kPageCommitted) != 0) return adjust(page, state, access);
  if (area->is_anonymous()) return fill(*area, page, access);
  const FaultResult result = read_in(*area, page);
  if (result != FaultResult::resolved) return result;
  return adjust(page, core::page_state(page), access);
}

// Demand-zero.
FaultResult AddressSpace::Implementation::fill(Area& area, std::uint64_t page, core::Access access) {
  const PageRange window = area.size() <= kWholeSize
                               ? area.range()
                               : next_window(area.last_window, page, area.range(), {kFirstWindow, kLastWindow});
  PageRange run = absent_run(page, window);
  const std::uint64_t permissions = area.is_code() ? kPageRead : page_permissions(area.protection);
  if (!has_memory(run.size()) || core::commit_pages(run.start, run.size(), permissions) != 0) {
    run = {page, page + kPageSize};
    if (!has_memory(kPageSize) || core::commit_pages(page, kPageSize, permissions) != 0)
      return FaultResult::out_of_memory;
  }
  area.last_window = run;
  return access == core::Access::execute ? adjust(page, core::page_state(page), access) : FaultResult::resolved;
}

// Host may: say that it has mapped a page, and not do it. The program would fault at it for ever.
void AddressSpace::Implementation::stop_if_withheld(std::uint64_t page) {
  constexpr unsigned kPatience =
      10'000;  // another thread of the program may have been faster, but not that often in a row
  withheld_count = page == withheld_page ? withheld_count + 1 : 0;
  withheld_page = page;
  if (withheld_count > kPatience) core::host_lied(HostCall::protect, "a page that is not there");
}

// The page is there, but not for this access; or another thread of the program was faster.
FaultResult AddressSpace::Implementation::adjust(std::uint64_t page, std::uint8_t state, core::Access access) {
  if ((state & needed_permission(access)) != 0) {
    stop_if_withheld(page);
    return FaultResult::resolved;
  }
  const PageRange one{page, page + kPageSize};
  switch (access) {
    case core::Access::read: return as_fault(checked(core::protect_pages(page, kPageSize, kPageRead)));
    case core::Access::write:
      if ((state & core::kPageCode) != 0) return as_fault(switch_to_data(one, state, kPageRead | kPageWrite));
      if ((state & kPageExecute) != 0 && core::protect_pages(page, kPageSize, kPageRead) != 0)
        return FaultResult::out_of_memory;
      return as_fault(checked(core::protect_pages(page, kPageSize, kPageRead | kPageWrite)));
    case core::Access::execute: break;
  }
  if ((state & core::kPageCode) != 0)
    return as_fault(checked(core::protect_pages(page, kPageSize, kPageRead | kPageExecute)));
  ENCLAVE_CHECK(options.dynamic_code == DynamicCode::allowed);  // or check_executable would have refused the mapping
  return as_fault(switch_to_code(one));
}

// A fault below a growing mapping extends it, within RLIMIT_STACK and away from what lies below.
Area* AddressSpace::Implementation::grow_stack(std::uint64_t page) {
  const auto at = areas.first_above(page);
  if (at == areas.end() || (at->second.flags & MAP_GROWSDOWN) == 0) return nullptr;
  Area& stack = at->second;
  const std::uint64_t limit = page_down(std::min(limits.stack, stack.end - options.low));
  std::uint64_t lowest = stack.end - limit;
  if (at != areas.begin()) {
    const Area& below = std::prev(at)->second;
    const bool needs_gap = below.protection != PROT_NONE && (below.flags & MAP_GROWSDOWN) == 0;
    lowest = std::max(lowest, below.end + (needs_gap ? kStackGuardGap : 0));
  }
  if (page < lowest) return nullptr;
  const std::uint64_t steps = (stack.start - page + kStackStep - 1) / kStackStep;
  const std::uint64_t start = stack.start - lowest > steps * kStackStep ? stack.start - steps * kStackStep : lowest;
  if (!has_room(stack.start - start)) return nullptr;
  areas.extend_down(stack, start);
  return areas.find(page);
}
}  // namespace cloister::kernel
