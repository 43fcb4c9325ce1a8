// SPDX-License-Identifier: Apache-2.0
// The parts of an ELF file that loading needs, checked. Pure functions over a reader; fuzzed.
#pragma once
#include <elf.h>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>
#include "src/base/result.h"

namespace cloister::loader {
struct ElfHeaders {
  Elf64_Ehdr header{};
  std::vector<Elf64_Phdr> load_segments;  // ascending, not overlapping, at least one
  std::string interpreter;
  std::uint64_t lowest = 0, highest = 0;      // page-aligned link-time range
  std::uint64_t program_headers_address = 0;  // link-time; 0 if no segment holds them
  bool executable_stack = false;
};
// Reads exactly `size` bytes at `offset`, or fails.
using ReadAt = std::function<Result<void>(std::uint64_t offset, void* to, std::size_t size)>;
// Errors carry ENOEXEC (not for us) or EINVAL (damaged) and a reason for people.
Result<ElfHeaders> read_elf_headers(const ReadAt& read, std::uint64_t file_size);
}  // namespace cloister::loader
