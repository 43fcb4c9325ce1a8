// SPDX-License-Identifier: Apache-2.0
#include "src/analysis/symbols.h"
#include <algorithm>

namespace cloister {

SymbolIndex::SymbolIndex(const ElfImage& image) {
  for (const ElfSection& section : image.sections()) {
    const ElfSection* strings = image.linked_section(section);
    if (section.header.sh_type != SHT_SYMTAB || strings == nullptr) continue;
    const auto names = image.section_bytes(*strings);
    for_each_record<Elf64_Sym>(image.section_bytes(section), [&](const Elf64_Sym& symbol) {
      const unsigned type = ELF64_ST_TYPE(symbol.st_info);
      if (symbol.st_shndx == SHN_UNDEF || type == STT_FILE || type == STT_SECTION) return;
      const bool function = type == STT_FUNC || type == STT_GNU_IFUNC;
      by_name_.push_back({string_at(names, symbol.st_name), symbol.st_value, symbol.st_size, function});
    });
  }
  std::sort(by_name_.begin(), by_name_.end(),
            [](const DefinedSymbol& a, const DefinedSymbol& b) { return a.name < b.name; });
  std::copy_if(by_name_.begin(), by_name_.end(), std::back_inserter(by_address_),
               [](const DefinedSymbol& symbol) { return symbol.function; });
  std::stable_sort(by_address_.begin(), by_address_.end(),
                   [](const DefinedSymbol& a, const DefinedSymbol& b) { return a.address < b.address; });
}

std::optional<std::uint64_t> SymbolIndex::address_of(std::string_view name) const {
  const auto found =
      std::lower_bound(by_name_.begin(), by_name_.end(), name,
                       [](const DefinedSymbol& symbol, std::string_view key) { return symbol.name < key; });
  if (found == by_name_.end() || found->name != name) return std::nullopt;
  return found->address;
}

std::string_view SymbolIndex::function_at(std::uint64_t address) const {
  auto found = std::upper_bound(by_address_.begin(), by_address_.end(), address,
                                [](std::uint64_t key, const DefinedSymbol& symbol) { return key < symbol.address; });
  while (found != by_address_.begin()) {
    --found;
    // Hand-written functions may have no size: they reach up to the next one.
    if (found->size == 0 || address - found->address < found->size) return found->name;
    if (address - found->address > 1u << 20) break;
  }
  return {};
}

}  // namespace cloister
