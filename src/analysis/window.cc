// SPDX-License-Identifier: Apache-2.0
#include "src/analysis/window.h"

namespace cloister {
namespace {

struct Window {
  std::uint32_t begin, end;
  bool large_enough() const { return end - begin >= kMinWindowSize; }
};

// Grows the window by whole movable instructions until it is large enough or they end.
void extend_backward(const CodeMap& code, std::uint32_t lowest, Window& window) {
  // What was the window's begin becomes its inside.
  while (!window.large_enough() && !code.is_target(window.begin)) {
    const std::uint32_t before = code.instruction_before(window.begin);
    if (before == Text::kNone || before < lowest) return;
    const Instruction instruction = code.instruction(before);
    if (!instruction.movable || !instruction.goes_on()) return;
    window.begin = before;
  }
}

void extend_forward(const CodeMap& code, std::uint32_t highest, Window& window) {
  bool goes_on = true;
  while (!window.large_enough() && goes_on && window.end < highest && !code.is_target(window.end) &&
         code.is_instruction(window.end)) {
    const Instruction instruction = code.instruction(window.end);
    if (!instruction.movable) return;
    goes_on = instruction.goes_on();
    window.end += instruction.length;
  }
}

// Large enough, and whole instructions, each proven, undisputed and entered only at the window's begin.
bool is_safe(const CodeMap& code, Window window) {
  std::uint32_t next = window.begin;
  for (std::uint32_t i = window.begin; i < window.end; ++i) {
    if (code.is_contested(i) || code.is_instruction(i) != (i == next)) return false;
    if (i != window.begin && code.is_target(i)) return false;
    if (i == next) next += code.length(i);
  }
  return next == window.end && window.large_enough();
}

std::optional<Window> find_window(const CodeMap& code, std::uint32_t site, std::uint32_t lowest,
                                  std::uint32_t highest) {
  const Window alone{site, site + code.length(site)};
  Window backward = alone, forward = alone;
  extend_backward(code, lowest, backward);
  if (is_safe(code, backward)) return backward;
  extend_forward(code, highest, forward);
  if (is_safe(code, forward)) return forward;
  Window both = backward;
  extend_forward(code, highest, both);
  if (is_safe(code, both)) return both;
  return std::nullopt;
}

}  // namespace

std::optional<PlannedSite> plan_window(const CodeMap& code, RawHit site, std::uint32_t lowest, std::uint32_t highest) {
  const auto window = find_window(code, site.index, lowest, highest);
  if (!window) return std::nullopt;
  const auto [begin, end] = *window;
  PlannedSite planned;
  planned.kind = site.kind;
  planned.window_start = code.text().address_of(begin);
  planned.instruction_offset = static_cast<std::uint8_t>(site.index - begin);
  const auto bytes = code.text().bytes_from(begin).first(end - begin);
  planned.window.assign(bytes.begin(), bytes.end());
  for (std::uint32_t i = begin; i < end; i += code.length(i)) {
    const Instruction instruction = code.instruction(i);
    if (i == site.index || !instruction.pc_relative) continue;
    planned.fixups.push_back({static_cast<std::uint8_t>(i - begin + instruction.field_offset),
                              static_cast<std::uint8_t>(i - begin + instruction.length),
                              instruction.field_size == 1 ? FixupField::rel8 : FixupField::rel32});
  }
  return planned;
}

}  // namespace cloister
