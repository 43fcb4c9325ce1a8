// SPDX-License-Identifier: Apache-2.0
// The symbols that a file defines, by name and by address. Owner's side.
#pragma once
#include <optional>
#include <vector>
#include "src/analysis/elf_image.h"

namespace cloister {

struct DefinedSymbol {
  std::string_view name;
  std::uint64_t address, size;
  bool function;
};

class SymbolIndex {
 public:
  explicit SymbolIndex(const ElfImage& image);  // of .symtab; refers to the file

  bool empty() const { return by_address_.empty(); }
  std::optional<std::uint64_t> address_of(std::string_view name) const;
  bool defines(std::string_view name) const { return address_of(name).has_value(); }
  // The name of the function around `address`; empty when there is none.
  std::string_view function_at(std::uint64_t address) const;

 private:
  std::vector<DefinedSymbol> by_name_, by_address_;  // the latter: functions only
};

}  // namespace cloister
