// SPDX-License-Identifier: Apache-2.0
#include "tests/adversary/symbols.h"
#include <elf.h>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <vector>

namespace cloister::adversary {
namespace {
template <typename T>
T read_at(const std::vector<char>& bytes, std::uint64_t offset) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) throw std::runtime_error("damaged ELF file");
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}
std::vector<char> read_whole(const std::string& path) {
  std::ifstream input(path, std::ios::binary);
  return {(std::istreambuf_iterator<char>(input)), std::istreambuf_iterator<char>()};
}
}  // namespace

std::uint64_t elf_entry(const std::string& path) { return read_at<Elf64_Ehdr>(read_whole(path), 0).e_entry; }

Symbols::Symbols(const std::string& path, std::uint64_t base) : path_(path), base_(base) {
  const std::vector<char> bytes = read_whole(path);
  const auto header = read_at<Elf64_Ehdr>(bytes, 0);
  for (unsigned i = 0; i < header.e_shnum; ++i) {
    const auto section = read_at<Elf64_Shdr>(bytes, header.e_shoff + i * sizeof(Elf64_Shdr));
    if (section.sh_type != SHT_SYMTAB) continue;
    const auto strings = read_at<Elf64_Shdr>(bytes, header.e_shoff + section.sh_link * sizeof(Elf64_Shdr));
    for (std::uint64_t at = 0; at + sizeof(Elf64_Sym) <= section.sh_size; at += sizeof(Elf64_Sym)) {
      const auto symbol = read_at<Elf64_Sym>(bytes, section.sh_offset + at);
      if (symbol.st_shndx == SHN_UNDEF || symbol.st_name >= strings.sh_size) continue;
      values_.emplace(bytes.data() + strings.sh_offset + symbol.st_name, symbol.st_value);
    }
  }
  if (values_.empty()) throw std::runtime_error(path + " has no symbols");
}

std::uint64_t Symbols::at(const std::string& name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) throw std::runtime_error(path_ + " has no symbol " + name);
  return base_ + found->second;
}
}  // namespace cloister::adversary
