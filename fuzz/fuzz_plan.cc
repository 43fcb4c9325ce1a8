// SPDX-License-Identifier: Apache-2.0
// Any bytes as a rewrite plan: refused, or applied within bounds, with an address map that goes there and back. The sum
// of the bytes chooses where the text begins, so that windows are cut off by its ends.
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <vector>
#include "src/plan/address_map.h"
#include "src/plan/apply.h"

using namespace cloister;

namespace {

constexpr std::uint64_t kBias = 0x10000;

// Text in which every window of the plan stands, as far as it fits.
std::vector<std::uint8_t> text_for(const PlanView& plan, std::uint64_t start, std::size_t size) {
  std::vector<std::uint8_t> text(size, 0x90);
  for (const PlanSite site : plan) {
    const std::uint64_t offset = site.window_start - start;
    if (offset < size && size - offset >= site.window.size())
      std::memcpy(&text[offset], site.window.data(), site.window.size());
  }
  return text;
}

void check_map(const RewrittenText& rewritten) {
  for (std::uint64_t offset = 0; offset < rewritten.trampolines_size + 8; ++offset) {
    const auto original = original_position(rewritten, rewritten.trampolines_address + offset);
    if (!original) continue;
    const auto back = trampoline_position(rewritten, original->pc);
    if (back && *back - rewritten.trampolines_address >= rewritten.trampolines_size) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<std::uint8_t> bytes(data, data + size);
  const auto plan = PlanView::parse(bytes);
  if (!plan.ok() || plan.value().site_count() == 0) return 0;
  const std::uint64_t start = (*plan.value().begin()).window_start + std::accumulate(data, data + size, 0U) % 16 - 8;
  std::vector<std::uint8_t> text = text_for(plan.value(), start, 4096);
  const std::vector<std::uint8_t> before = text;
  const TextRange range{kBias, kBias + start, text.size()};
  const std::uint64_t needed = trampoline_size(plan.value(), range);
  std::vector<std::uint8_t> trampolines(needed);
  const std::uint64_t area = (kBias + start + 0x100000) & ~std::uint64_t{15};
  const auto output = apply_plan({plan.value(), kBias, text, range.address, trampolines, area, {1, 2, 3, 4, 5}});
  if (!output.ok()) {
    if (text != before) std::abort();
    return 0;
  }
  if (output.value().trampoline_bytes != needed) std::abort();
  check_map({plan.value(), range, area, needed});
  return 0;
}
