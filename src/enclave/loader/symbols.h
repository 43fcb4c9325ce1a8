// SPDX-License-Identifier: Apache-2.0
// Names of functions from an ELF file's own symbol tables, for the crash reports of debug enclaves. The file is hostile
// input: every offset and size is checked, and what does not fit has no name. Trusted, kernel storey.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include "src/enclave/kernel/address_space.h"

namespace cloister::loader {
struct SymbolPlace {
  std::string name;  // as in the file: mangled
  std::uint64_t offset = 0;
};
// The function that holds the byte at `position` of the file.
std::optional<SymbolPlace> find_symbol(kernel::MappedFile& file, std::uint64_t position);
}  // namespace cloister::loader
