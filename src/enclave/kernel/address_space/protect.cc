// SPDX-License-Identifier: Apache-2.0
// mprotect.
#include <algorithm>
#include "src/enclave/kernel/address_space/implementation.h"

namespace cloister::kernel {

Result<void> AddressSpace::Implementation::protect(std::uint64_t address, std::uint64_t size, int protection) {
  constexpr int kKnown = PROT_READ | PROT_WRITE | PROT_EXEC | 0x8 /* PROT_SEM */;
  const int grows = protection & (PROT_GROWSDOWN | PROT_GROWSUP);
  protection &= ~grows;
  if (grows == (PROT_GROWSDOWN | PROT_GROWSUP) || address % kPageSize != 0) return failure(EINVAL);
  if (size == 0) return {};
  const std::uint64_t end = address + page_up(size);
  if (end <= address) return failure(ENOMEM);
  if ((protection & ~kKnown) != 0) return failure(EINVAL);
  protection &= PROT_READ | PROT_WRITE | PROT_EXEC;
  Area* first = areas.find(address);
  if (first == nullptr) return failure(ENOMEM);
  if (grows == PROT_GROWSUP || (grows == PROT_GROWSDOWN && (first->flags & MAP_GROWSDOWN) == 0)) return failure(EINVAL);
  if (grows == PROT_GROWSDOWN) address = first->start;

  // As in Linux, what lies before the first obstacle is changed.
  const std::uint64_t begin = address;
  Result<void> result;
  while (address < end) {
    Area* area = areas.find(address);
    if (area == nullptr) return failure(ENOMEM);
    const PageRange piece{address, std::min(area->end, end)};
    address = piece.end;
    if (area->protection == protection) continue;
    if (areas.count() + 2 > kMaxAreas && piece != area->range()) return failure(ENOMEM);
    if (area->is_shared() && !area->is_anonymous() && (protection & PROT_WRITE) != 0 &&
        (!area->file_writable || !area->file->can_write_pages()))
      return failure(EACCES);
    if ((protection & PROT_WRITE) != 0) {
      Area shown = *area;
      shown.file_offset = area->is_anonymous() ? 0 : area->file_position(piece.start);
      shown.start = piece.start;
      shown.end = piece.end;
      if (diverges(shown, protection, piece)) return failure(EACCES);
    }
    // Who reserves first and makes pieces writable later means to use them, whatever MAP_NORESERVE said of the whole.
    const bool wanted_now =
        (area->protection & PROT_WRITE) == 0 && is_promised(protection, area->flags & ~MAP_NORESERVE);
    if (wanted_now && !promise(piece.size())) return failure(ENOMEM);
    TRY(check_executable(protection, area->file.get(), area->modified));
    std::shared_ptr<Module> module = area->module;
    if (module == nullptr && (protection & (PROT_EXEC | PROT_WRITE)) == PROT_EXEC && !area->modified) {
      Area shown = *area;
      shown.start = piece.start;
      shown.end = piece.end;
      shown.file_offset = area->is_anonymous() ? 0 : area->file_position(piece.start);
      module = make_module(shown);  // may rearrange the areas
    }
    areas.isolate(piece);
    area = areas.find(piece.start);
    area->module = std::move(module);
    if (wanted_now) area->flags &= ~MAP_NORESERVE;
    TRY(change_protection(*area, protection));
  }
  areas.join({begin, end});
  return {};
}

// `area` is all that changes. Absent pages get the new protection when they come; here it is about those that are
// there.
Result<void> AddressSpace::Implementation::change_protection(Area& area, int protection) {
  area.protection = protection;
  if (!area.is_anonymous() && (protection & PROT_WRITE) != 0) area.modified = true;
  const PageRange range = area.range();
  const std::uint64_t permissions = page_permissions(protection);
  if (area.is_code()) {
    const bool has_own_contents =
        area.is_anonymous() || area.modified;  // dynamic code, which check_executable let pass
    return for_committed_runs(range, [&](PageRange run, std::uint8_t state) -> Result<void> {
      if ((state & core::kPageCode) != 0) return checked(core::protect_pages(run.start, run.size(), permissions));
      if (has_own_contents) return switch_to_code(run);
      return checked(core::remove_pages(run.start, run.size()));  // the file's bytes, which come again as code
    });
  }
  if ((protection & PROT_WRITE) == 0) {
    // Once read-only, a changed page cannot be told from others.
    if (area.is_written_back()) (void)write_back(area, range).ok();
    return checked(core::protect_pages(range.start, range.size(), permissions));
  }
  // Writable. Where faults decide (a page to be executed too, or the first write to a shared file), a page becomes
  // readable here.
  const bool by_fault = (protection & PROT_EXEC) != 0 || area.is_written_back();
  return for_committed_runs(range, [&](PageRange run, std::uint8_t state) -> Result<void> {
    const bool loses_execution = (state & kPageExecute) != 0 && (protection & PROT_EXEC) == 0;
    if (by_fault) {
      if ((state & kPageRead) != 0 && !loses_execution) return {};
      return checked(core::protect_pages(run.start, run.size(), kPageRead));
    }
    if ((state & core::kPageCode) != 0) return switch_to_data(run, state, permissions);
    if (loses_execution) TRY(checked(core::protect_pages(run.start, run.size(), kPageRead)));
    return checked(core::protect_pages(run.start, run.size(), permissions));
  });
}
}  // namespace cloister::kernel
