// SPDX-License-Identifier: Apache-2.0
#include "src/analysis/functions.h"
#include <algorithm>

namespace cloister {

namespace {

// Executable segments may hold data too; the section headers, when there are any, tell.
std::uint64_t code_size(const ElfImage& image, const Text& text) {
  std::uint64_t size = 0;
  for (const ElfSection& section : image.sections()) {
    if ((section.header.sh_flags & SHF_EXECINSTR) != 0) size += section.header.sh_size;
  }
  return size == 0 ? text.size() : std::min<std::uint64_t>(size, text.size());
}

}  // namespace

void FunctionTable::add(const Text& text, std::uint64_t begin, std::uint64_t end, Function function) {
  function.begin = text.index_of(begin);
  if (function.begin == Text::kNone) return;
  // An unknown end (0) is settled when all are known; none reaches beyond its segment.
  const std::uint64_t room = text.bytes_from(function.begin).size();
  function.end = end > begin ? function.begin + static_cast<std::uint32_t>(std::min(end - begin, room)) : 0;
  functions_.push_back(function);
}

void FunctionTable::add_symbol_table(const Text& text, SymbolTable table) {
  static constexpr std::string_view kNeverReturn[] = {
      "abort", "_exit", "__libc_fatal", "__stack_chk_fail", "__fortify_fail", "__chk_fail", "__assert_fail"};
  for_each_record<Elf64_Sym>(table.symbols, [&](const Elf64_Sym& symbol) {
    if (symbol.st_shndx == SHN_UNDEF) return;
    const unsigned type = ELF64_ST_TYPE(symbol.st_info), binding = ELF64_ST_BIND(symbol.st_info);
    if (type == STT_FUNC || type == STT_GNU_IFUNC) {
      const unsigned visibility = ELF64_ST_VISIBILITY(symbol.st_other);
      Function function{};
      function.exported =
          table.dynamic && binding != STB_LOCAL && (visibility == STV_DEFAULT || visibility == STV_PROTECTED);
      add(text, symbol.st_value, symbol.st_value + symbol.st_size, function);
      const std::string_view name = string_at(table.names, symbol.st_name);
      if (binding != STB_LOCAL &&
          std::find(std::begin(kNeverReturn), std::end(kNeverReturn), name) != std::end(kNeverReturn))
        never_return_.push_back(text.index_of(symbol.st_value));
    } else if (type == STT_NOTYPE) {
      const std::uint32_t index = text.index_of(symbol.st_value);
      if (index != Text::kNone) labels_.push_back(index);
    }
  });
}

void FunctionTable::add_symbols(const ElfImage& image, const Text& text) {
  bool dynamic_seen = false;
  for (const ElfSection& section : image.sections()) {
    if (section.header.sh_type != SHT_SYMTAB && section.header.sh_type != SHT_DYNSYM) continue;
    const bool dynamic = section.header.sh_type == SHT_DYNSYM;
    dynamic_seen |= dynamic;
    const ElfSection* names = image.linked_section(section);
    if (names != nullptr) add_symbol_table(text, {image.section_bytes(section), image.section_bytes(*names), dynamic});
  }
  // Without section headers: linkers put the strings right behind the symbols, which gives the count.
  const auto symbols = image.dynamic_value(DT_SYMTAB), strings = image.dynamic_value(DT_STRTAB);
  if (!dynamic_seen && symbols && strings && *strings > *symbols)
    add_symbol_table(text, {image.bytes_at(*symbols, *strings - *symbols), image.bytes_from(*strings), true});
}

void FunctionTable::finish(const Text& text) {
  std::sort(functions_.begin(), functions_.end(), [](const Function& a, const Function& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end > b.end;
  });
  // Aliases become one, which has all that any of them has.
  std::size_t kept = 0;
  for (std::size_t i = 0; i < functions_.size(); ++i) {
    if (kept != 0 && functions_[kept - 1].begin == functions_[i].begin) {
      Function& first = functions_[kept - 1];
      first.exported |= functions_[i].exported;
      if (first.lsda == 0) {
        first.lsda = functions_[i].lsda;
        first.unwind_begin = functions_[i].unwind_begin;
      }
    } else {
      functions_[kept++] = functions_[i];
    }
  }
  functions_.resize(kept);
  for (std::size_t i = 0; i < kept; ++i) {
    if (functions_[i].end != 0) continue;
    std::uint32_t end = functions_[i].begin + static_cast<std::uint32_t>(text.bytes_from(functions_[i].begin).size());
    if (i + 1 < kept) end = std::min(end, functions_[i + 1].begin);
    functions_[i].end = end;
  }
}

FunctionTable FunctionTable::of(const ElfImage& image, const Text& text) {
  FunctionTable table;
  table.add_symbols(image, text);
  const auto unwind = read_unwind_entries(image);
  table.functions_.reserve(table.functions_.size() + unwind.size());
  std::uint64_t covered = 0;
  for (const UnwindEntry& entry : unwind) {
    covered += entry.end - entry.begin;
    Function function{};
    function.lsda = entry.lsda;
    function.unwind_begin = entry.begin;
    table.add(text, entry.begin, entry.end, function);
  }
  const auto go = read_go_functions(image, text);
  for (const AddressRange& range : go) table.add(text, range.begin, range.end, {});
  table.add(text, image.entry(), 0, {});
  table.complete_ = covered >= code_size(image, text) / 2 || !go.empty();
  table.finish(text);
  return table;
}

std::size_t FunctionTable::first_after(std::uint32_t index) const {
  const auto found = std::upper_bound(functions_.begin(), functions_.end(), index,
                                      [](std::uint32_t value, const Function& f) { return value < f.begin; });
  return static_cast<std::size_t>(found - functions_.begin());
}

const Function* FunctionTable::containing(std::uint32_t index) const {
  // A short function within a longer one (an alternative entry) may end before `index`: look further back.
  std::size_t i = first_after(index);
  for (int tries = 0; i != 0 && tries < 16; ++tries) {
    const Function& function = functions_[--i];
    if (index < function.end) return &function;
  }
  return nullptr;
}

}  // namespace cloister
