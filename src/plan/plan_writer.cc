// SPDX-License-Identifier: Apache-2.0
#include "src/plan/plan_writer.h"
#include "src/plan/little_endian.h"

namespace cloister {

std::vector<std::uint8_t> encode_plan(const Plan& plan) {
  std::size_t fixup_count = 0, window_bytes = 0;
  for (const PlannedSite& site : plan.sites) {
    fixup_count += site.fixups.size();
    window_bytes += site.window.size();
  }
  std::vector<std::uint8_t> bytes(kPlanHeaderSize + plan.sites.size() * kPlanSiteSize + fixup_count * kPlanFixupSize);
  bytes.reserve(bytes.size() + window_bytes);
  for (std::size_t i = 0; i < sizeof kPlanMagic; ++i) bytes[i] = kPlanMagic[i];
  store_u32(&bytes[8], kPlanVersion);
  store_u32(&bytes[12], static_cast<std::uint32_t>(plan.sites.size()));
  store_u32(&bytes[16], static_cast<std::uint32_t>(fixup_count));
  store_u32(&bytes[20], static_cast<std::uint32_t>(window_bytes));
  store_u32(&bytes[24], plan.raw_hit_count);
  store_u32(&bytes[28], plan.trapped_count);
  std::size_t site_at = kPlanHeaderSize, fixup_at = site_at + plan.sites.size() * kPlanSiteSize;
  for (const PlannedSite& site : plan.sites) {
    store_u64(&bytes[site_at], site.window_start);
    bytes[site_at + 8] = static_cast<std::uint8_t>(site.window.size());
    bytes[site_at + 9] = site.instruction_offset;
    bytes[site_at + 10] = static_cast<std::uint8_t>(site.kind);
    bytes[site_at + 11] = site.vectors_dead ? kPlanVectorsDead : 0;
    bytes[site_at + 12] = static_cast<std::uint8_t>(site.fixups.size());
    site_at += kPlanSiteSize;
    for (const PlanFixup& fixup : site.fixups) {
      bytes[fixup_at] = fixup.field_offset;
      bytes[fixup_at + 1] = fixup.instruction_end;
      bytes[fixup_at + 2] = static_cast<std::uint8_t>(fixup.field);
      fixup_at += kPlanFixupSize;
    }
    bytes.insert(bytes.end(), site.window.begin(), site.window.end());
  }
  return bytes;
}

}  // namespace cloister
