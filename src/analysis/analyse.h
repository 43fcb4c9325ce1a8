// SPDX-License-Identifier: Apache-2.0
// Computes the rewrite plan of an ELF file. Owner's side.
//
// First the bytes of the instructions of interest are searched; a file without any is done. Then only the functions
// around those hits are decoded, from their starts on (code_map.h). A hit counts as real when it is reached as an
// instruction; bytes inside other instructions, in data, or in code that is not reached stay as they are and, should
// they be executed after all, trap. A real one is planned when a safe window exists (window.h).
#pragma once
#include "src/analysis/window.h"

namespace cloister {

enum class Verdict : std::uint8_t {
  planned,
  inside_other,  // within an instruction that is proven: no site
  no_code,       // within a section that holds no code, though its segment is executable
  unreached,     // data, or code that is not proven
  no_window,     // real, but nothing can be safely replaced there
};

struct Finding {
  SiteKind kind;
  Verdict verdict;
  std::uint64_t address;
};

struct Analysis {
  Plan plan;
  std::vector<Finding> findings;  // one for each raw hit, ascending
};

// Errors: those of ElfImage and Text. Never crashes on a damaged file.
Result<Analysis> analyse_in_detail(std::span<const std::uint8_t> elf_file);
Result<Plan> analyse(std::span<const std::uint8_t> elf_file);

}  // namespace cloister
