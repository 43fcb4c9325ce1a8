// SPDX-License-Identifier: Apache-2.0
// What .eh_frame tells about code: where functions begin and end, and where exceptions land. Owner's side.
#pragma once
#include <vector>
#include "src/analysis/elf_image.h"

namespace cloister {

struct UnwindEntry {
  std::uint64_t begin, end;
  std::uint64_t lsda;  // address of the language-specific data, 0 when there is none
};

// Found by section or, in a file without section headers, by PT_GNU_EH_FRAME. Stops at the first damaged record.
std::vector<UnwindEntry> read_unwind_entries(const ElfImage& image);

std::vector<std::uint64_t> read_landing_pads(const ElfImage& image, const UnwindEntry& entry);

}  // namespace cloister
