// SPDX-License-Identifier: Apache-2.0
// What an ELF file asks the dynamic loader for. Owner's side; bounds-checked, since the file is input.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>
#include "src/base/result.h"

namespace cloister {
struct ElfDependencies {
  std::string interpreter;
  std::vector<std::string> needed;
  std::vector<std::string> run_path;  // DT_RUNPATH or DT_RPATH, $ORIGIN not yet replaced
};
// Errc::invalid: no ELF file or a damaged one. Errc::unsupported: 32-bit or another architecture; what() says which.
Result<ElfDependencies> elf_dependencies(std::span<const std::uint8_t> file);
// The libraries that /etc/ld.so.cache names, as soname -> path.
std::vector<std::pair<std::string, std::string>> read_library_cache(std::span<const std::uint8_t> cache);
}  // namespace cloister
