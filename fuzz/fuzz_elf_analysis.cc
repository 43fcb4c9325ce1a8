// SPDX-License-Identifier: Apache-2.0
// Any bytes as an ELF file: refused, or given a plan that is valid and fits the file. Good seeds are small programs.
#include <cstdlib>
#include "src/analysis/analyse.h"
#include "src/plan/apply.h"

using namespace cloister;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<std::uint8_t> file(data, data + size);
  const auto plan = analyse(file);
  if (!plan.ok()) return 0;
  const auto encoded = encode_plan(plan.value());
  const auto view = PlanView::parse(encoded);
  if (!view.ok()) std::abort();
  const auto image = ElfImage::parse(file);
  for (const ElfSegment& segment : image.value().segments()) {
    if (!segment.executable()) continue;
    const auto bytes = image.value().bytes_at(segment.address, segment.file_size);
    std::vector<std::uint8_t> text(bytes.begin(), bytes.end());
    const TextRange range{0, segment.address, text.size()};
    std::vector<std::uint8_t> trampolines(trampoline_size(view.value(), range));
    const std::uint64_t area = (segment.address + 0x10000000) & ~std::uint64_t{15};
    const auto output = apply_plan({view.value(), 0, text, range.address, trampolines, area, {}});
    // Out of range may happen when a damaged file's branches lead far away; a mismatch never.
    if (!output.ok() && output.error().code() != Errc::unsupported) std::abort();
  }
  return 0;
}
