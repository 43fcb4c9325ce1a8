// SPDX-License-Identifier: Apache-2.0
#include "src/plan/trampoline.h"

namespace cloister {
namespace {
// Total growth of the moved instructions that lie in [begin, end) of the window.
std::uint32_t growth_between(const PlanSite& site, std::uint32_t begin, std::uint32_t end) {
  std::uint32_t growth = 0;
  for (std::size_t i = 0; i < site.fixup_count(); ++i) {
    const PlanFixup fixup = site.fixup(i);
    if (fixup.field_offset >= begin && fixup.instruction_end <= end) growth += fixup.growth(site.window);
  }
  return growth;
}

// Original length of the first `moved` bytes of the moved code that begins at `begin` of the window.
std::uint32_t original_length(const PlanSite& site, std::uint32_t begin, std::uint32_t moved) {
  std::uint32_t growth = 0;
  for (std::size_t i = 0; i < site.fixup_count(); ++i) {
    const PlanFixup fixup = site.fixup(i);
    if (fixup.field_offset < begin) continue;
    const std::uint32_t with_this = growth + fixup.growth(site.window);
    if (fixup.instruction_end - begin + with_this > moved) break;
    growth = with_this;
  }
  return moved - growth;
}
}  // namespace

TrampolineShape trampoline_shape(const PlanSite& site) {
  const auto window_size = static_cast<std::uint32_t>(site.window.size());
  TrampolineShape shape{};
  shape.gate_offset = site.instruction_offset + growth_between(site, 0, site.instruction_offset);
  shape.after_offset = shape.gate_offset + (site.kind == SiteKind::syscall ? kSyscallGateSize : kCallGateSize);
  shape.code_size = shape.after_offset;
  if (site.kind != SiteKind::syscall || !site.ends_with_instruction()) {
    shape.code_size += window_size - site.resume_offset() + growth_between(site, site.resume_offset(), window_size);
    shape.code_size += kJumpSize;
  }
  shape.size = (shape.code_size + kTrampolineAlignment - 1) / kTrampolineAlignment * kTrampolineAlignment;
  return shape;
}

EntrySlot entry_slot(const PlanSite& site) {
  switch (site.kind) {
    case SiteKind::syscall: break;
    case SiteKind::cpuid: return EntrySlot::cpuid;
    case SiteKind::rdtsc: return EntrySlot::rdtsc;
    case SiteKind::rdtscp: return EntrySlot::rdtscp;
  }
  return site.vectors_dead ? EntrySlot::syscall_vectors_dead : EntrySlot::syscall_vectors_live;
}

std::uint32_t moved_offset(const PlanSite& site, std::uint32_t window_offset) {
  if (window_offset <= site.instruction_offset) return window_offset + growth_between(site, 0, window_offset);
  const std::uint32_t resume = site.resume_offset();
  if (window_offset < resume) return trampoline_shape(site).gate_offset;
  return trampoline_shape(site).after_offset + window_offset - resume + growth_between(site, resume, window_offset);
}

std::uint32_t window_offset(const PlanSite& site, std::uint32_t moved_offset) {
  const TrampolineShape shape = trampoline_shape(site);
  if (moved_offset < shape.gate_offset) return original_length(site, 0, moved_offset);
  if (moved_offset < shape.after_offset) return site.instruction_offset;
  const std::uint32_t resume = site.resume_offset();
  const std::uint32_t offset = resume + original_length(site, resume, moved_offset - shape.after_offset);
  return offset < site.window.size() ? offset : static_cast<std::uint32_t>(site.window.size());
}

std::uint64_t trampoline_size(const PlanView& plan, const TextRange& text) {
  std::uint64_t size = 0;
  for (const PlanSite site : plan) {
    if (text.contains(site)) size += trampoline_shape(site).size;
  }
  return size == 0 ? 0 : size + kEntrySlotsSize;
}

}  // namespace cloister
