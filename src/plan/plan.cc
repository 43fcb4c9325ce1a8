// SPDX-License-Identifier: Apache-2.0
#include "src/plan/plan.h"
#include "src/plan/little_endian.h"

namespace cloister {
namespace {

constexpr std::uint8_t kSyscall[] = {0x0F, 0x05}, kCpuid[] = {0x0F, 0xA2}, kRdtsc[] = {0x0F, 0x31},
                       kRdtscp[] = {0x0F, 0x01, 0xF9};

bool holds_at(std::span<const std::uint8_t> bytes, std::size_t offset, std::span<const std::uint8_t> part) {
  if (offset > bytes.size() || bytes.size() - offset < part.size()) return false;
  for (std::size_t i = 0; i < part.size(); ++i) {
    if (bytes[offset + i] != part[i]) return false;
  }
  return true;
}

bool is_short_jump(std::uint8_t opcode) { return opcode == 0xEB || (opcode & 0xF0) == 0x70; }

// `previous_end` is where the instruction of the fix-up before this one ends.
Result<void> check_fixup(const PlanSite& site, const PlanFixup& fixup, std::uint32_t previous_end) {
  const std::uint32_t field = fixup.field_offset, end = fixup.instruction_end;
  if (fixup.field != FixupField::rel32 && fixup.field != FixupField::rel8)
    return Error(Errc::invalid, "plan: unknown kind of fix-up");
  // At least one opcode byte stands before the field, and it belongs to no other fix-up.
  if (field <= previous_end) return Error(Errc::invalid, "plan: fix-ups overlap or are not ascending");
  if (end > site.window.size()) return Error(Errc::invalid, "plan: fix-up outside its window");
  if (fixup.field == FixupField::rel32 && (field + 4 > end || end > field + 8))
    return Error(Errc::invalid, "plan: fix-up outside its instruction");
  if (fixup.field == FixupField::rel8 && (field + 1 != end || !is_short_jump(site.window[field - 1])))
    return Error(Errc::invalid, "plan: fix-up of something that is no short jump");
  const bool before = end <= site.instruction_offset, after = field > site.resume_offset();
  if (!before && !after) return Error(Errc::invalid, "plan: fix-up in the instruction that is replaced");
  return {};
}

Result<void> check_site(const PlanSite& site, std::uint64_t previous_window_end) {
  if (site.window.size() < kMinWindowSize || site.window.size() > kMaxWindowSize)
    return Error(Errc::invalid, "plan: window size out of range");
  if (site.window_end() < site.window_start) return Error(Errc::invalid, "plan: window beyond the address space");
  if (site.window_start < previous_window_end)
    return Error(Errc::invalid, "plan: windows overlap or are not ascending");
  const auto instruction = instruction_bytes(site.kind);
  if (instruction.empty()) return Error(Errc::invalid, "plan: unknown kind of site");
  if (!holds_at(site.window, site.instruction_offset, instruction))
    return Error(Errc::invalid, "plan: the instruction is not in its window");
  std::uint32_t previous_end = 0;
  for (std::size_t i = 0; i < site.fixup_count(); ++i) {
    const PlanFixup fixup = site.fixup(i);
    TRY(check_fixup(site, fixup, previous_end));
    previous_end = fixup.instruction_end;
  }
  return {};
}

}  // namespace

std::span<const std::uint8_t> instruction_bytes(SiteKind kind) {
  switch (kind) {
    case SiteKind::syscall: return kSyscall;
    case SiteKind::cpuid: return kCpuid;
    case SiteKind::rdtsc: return kRdtsc;
    case SiteKind::rdtscp: return kRdtscp;
  }
  return {};
}

std::uint32_t PlanSite::resume_offset() const {
  return instruction_offset + static_cast<std::uint32_t>(instruction_bytes(kind).size());
}

PlanSite PlanView::Iterator::operator*() const {
  PlanSite site{};
  site.window_start = load_u64(site_);
  site.instruction_offset = site_[9];
  site.kind = static_cast<SiteKind>(site_[10]);
  site.vectors_dead = (site_[11] & kPlanVectorsDead) != 0;
  site.window = {window_, site_[8]};
  site.encoded_fixups = {fixups_, site_[12] * kPlanFixupSize};
  return site;
}

PlanView::Iterator& PlanView::Iterator::operator++() {
  fixups_ += site_[12] * kPlanFixupSize;
  window_ += site_[8];
  site_ += kPlanSiteSize;
  return *this;
}

Result<PlanView> PlanView::parse(std::span<const std::uint8_t> bytes) {
  if (bytes.size() < kPlanHeaderSize) return Error(Errc::invalid, "plan: shorter than its header");
  if (!holds_at(bytes, 0, kPlanMagic)) return Error(Errc::invalid, "plan: not a rewrite plan");
  if (load_u32(&bytes[8]) != kPlanVersion) return Error(Errc::unsupported, "plan: unknown version");
  PlanView view;
  view.site_count_ = load_u32(&bytes[12]);
  const std::uint64_t fixup_count = load_u32(&bytes[16]), window_bytes = load_u32(&bytes[20]);
  view.raw_hit_count_ = load_u32(&bytes[24]);
  view.trapped_count_ = load_u32(&bytes[28]);
  if (view.site_count_ > kMaxPlanSites) return Error(Errc::invalid, "plan: too many sites");
  const std::uint64_t expected =
      kPlanHeaderSize + std::uint64_t{view.site_count_} * kPlanSiteSize + fixup_count * kPlanFixupSize + window_bytes;
  if (bytes.size() != expected) return Error(Errc::invalid, "plan: its size and its counts differ");
  view.sites_ = bytes.data() + kPlanHeaderSize;
  view.fixups_ = view.sites_ + std::size_t{view.site_count_} * kPlanSiteSize;
  view.windows_ = view.fixups_ + fixup_count * kPlanFixupSize;

  // The counts of the sites are summed up before a site is followed into the other two tables.
  std::uint64_t fixups = 0, windows = 0;
  for (const std::uint8_t* site = view.sites_; site != view.fixups_; site += kPlanSiteSize) {
    if ((site[11] & ~kPlanVectorsDead) != 0 || site[13] != 0 || site[14] != 0 || site[15] != 0)
      return Error(Errc::invalid, "plan: reserved bits of a site are set");
    windows += site[8];
    fixups += site[12];
  }
  if (fixups != fixup_count || windows != window_bytes)
    return Error(Errc::invalid, "plan: the sites do not add up to the tables");
  for (const std::uint8_t* fixup = view.fixups_; fixup != view.windows_; fixup += kPlanFixupSize) {
    if (fixup[3] != 0) return Error(Errc::invalid, "plan: reserved bits of a fix-up are set");
  }
  std::uint64_t previous_window_end = 0;
  for (const PlanSite site : view) {
    TRY(check_site(site, previous_window_end));
    previous_window_end = site.window_end();
  }
  return view;
}

}  // namespace cloister
