// SPDX-License-Identifier: Apache-2.0
#include "src/plan/address_map.h"

namespace cloister {
namespace {
OriginalPosition position_in(const PlanSite& site, std::uint64_t bias, std::uint32_t offset) {
  const TrampolineShape shape = trampoline_shape(site);
  if (offset < shape.gate_offset || offset >= shape.after_offset)
    return {bias + site.window_start + window_offset(site, offset), 0, false};
  const std::uint64_t instruction = bias + site.instruction();
  if (site.kind == SiteKind::syscall) return {instruction, 0, true};
  const std::uint32_t in_gate = offset - shape.gate_offset;
  if (in_gate >= kCallGateReturnOffset) return {bias + site.window_start + site.resume_offset(), kRedZoneSize, false};
  return {instruction, in_gate >= kCallGateCallOffset ? kRedZoneSize : 0, true};
}
}  // namespace

std::optional<OriginalPosition> original_position(const RewrittenText& text, std::uint64_t pc) {
  std::uint64_t offset = pc - text.trampolines_address;
  if (offset >= text.trampolines_size || offset < kEntrySlotsSize) return std::nullopt;
  offset -= kEntrySlotsSize;
  for (const PlanSite site : text.plan) {
    if (!text.text.contains(site)) continue;
    const TrampolineShape shape = trampoline_shape(site);
    if (offset < shape.size) {
      if (offset >= shape.code_size) return std::nullopt;  // the filling between two trampolines
      return position_in(site, text.text.bias, static_cast<std::uint32_t>(offset));
    }
    offset -= shape.size;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> trampoline_position(const RewrittenText& text, std::uint64_t pc) {
  const std::uint64_t link_time = pc - text.text.bias;
  std::uint64_t trampoline = text.trampolines_address + kEntrySlotsSize;
  for (const PlanSite site : text.plan) {
    if (!text.text.contains(site)) continue;
    if (link_time < site.window_start) return std::nullopt;
    if (link_time < site.window_end())
      return trampoline + moved_offset(site, static_cast<std::uint32_t>(link_time - site.window_start));
    trampoline += trampoline_shape(site).size;
  }
  return std::nullopt;
}

}  // namespace cloister
