// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/loader/symbols.h"
#include <elf.h>
#include <algorithm>
#include <cstring>
#include <vector>
#include "src/enclave/loader/elf_loader.h"

namespace cloister::loader {
namespace {
constexpr std::size_t kMostHeaders = 1024, kNameSize = 200;
constexpr std::uint64_t kPiece = 1024;  // symbols at a time
constexpr std::uint64_t kMostSymbols = 1 << 20;

template <typename Entry>
std::vector<Entry> read_table(kernel::MappedFile& file, std::uint64_t offset, std::size_t count) {
  std::vector<Entry> entries(std::min(count, kMostHeaders));
  if (entries.empty() || !read_file_bytes(file, offset, entries.data(), entries.size() * sizeof(Entry)).ok())
    entries.clear();
  return entries;
}

std::optional<std::uint64_t> link_address(const std::vector<Elf64_Phdr>& segments, std::uint64_t position) {
  for (const Elf64_Phdr& segment : segments)
    if (segment.p_type == PT_LOAD && position >= segment.p_offset && position - segment.p_offset < segment.p_filesz)
      return segment.p_vaddr + (position - segment.p_offset);
  return {};
}

// The full table where there is one, else what the dynamic loader sees.
const Elf64_Shdr* symbol_table(const std::vector<Elf64_Shdr>& sections) {
  for (const std::uint32_t type : {SHT_SYMTAB, SHT_DYNSYM})
    for (const Elf64_Shdr& section : sections)
      if (section.sh_type == type && section.sh_link < sections.size()) return &section;
  return nullptr;
}

bool holds(const Elf64_Sym& symbol, std::uint64_t address) {
  const unsigned type = ELF64_ST_TYPE(symbol.st_info);
  return (type == STT_FUNC || type == STT_GNU_IFUNC) && symbol.st_shndx != SHN_UNDEF && symbol.st_value <= address &&
         (symbol.st_size == 0 || address - symbol.st_value < symbol.st_size);
}

std::optional<Elf64_Sym> nearest(kernel::MappedFile& file, const Elf64_Shdr& table, std::uint64_t address) {
  std::optional<Elf64_Sym> best;
  const std::uint64_t count = std::min(table.sh_size / sizeof(Elf64_Sym), kMostSymbols);
  std::vector<Elf64_Sym> symbols(kPiece);
  for (std::uint64_t done = 0; done < count; done += kPiece) {
    const std::uint64_t part = std::min(kPiece, count - done);
    if (!read_file_bytes(file, table.sh_offset + done * sizeof(Elf64_Sym), symbols.data(), part * sizeof(Elf64_Sym))
             .ok())
      break;
    for (std::uint64_t i = 0; i < part; ++i)
      if (holds(symbols[i], address) && (!best.has_value() || symbols[i].st_value > best->st_value)) best = symbols[i];
  }
  return best;
}
}  // namespace

std::optional<SymbolPlace> find_symbol(kernel::MappedFile& file, std::uint64_t position) {
  Elf64_Ehdr header;
  if (!read_file_bytes(file, 0, &header, sizeof header).ok() || header.e_phentsize != sizeof(Elf64_Phdr) ||
      header.e_shentsize != sizeof(Elf64_Shdr))
    return {};
  const auto address = link_address(read_table<Elf64_Phdr>(file, header.e_phoff, header.e_phnum), position);
  const auto sections = read_table<Elf64_Shdr>(file, header.e_shoff, header.e_shnum);
  const Elf64_Shdr* const table = symbol_table(sections);
  if (!address.has_value() || table == nullptr) return {};
  const auto symbol = nearest(file, *table, *address);
  if (!symbol.has_value()) return {};
  const std::uint64_t names = sections[table->sh_link].sh_offset;
  const std::uint64_t at = names + symbol->st_name, end = file.size();
  if (at < names || at >= end) return {};
  char name[kNameSize];
  const std::size_t size = std::min<std::uint64_t>(sizeof name, end - at);
  if (!read_file_bytes(file, at, name, size).ok()) return {};
  return SymbolPlace{std::string(name, strnlen(name, size)), *address - symbol->st_value};
}
}  // namespace cloister::loader
