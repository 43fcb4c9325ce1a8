// SPDX-License-Identifier: Apache-2.0
#include "src/analysis/elf_image.h"
#include <cstring>

namespace cloister {
namespace {

// [offset, offset + size) of the file; empty when it is not all there.
std::span<const std::uint8_t> slice(std::span<const std::uint8_t> bytes, std::uint64_t offset, std::uint64_t size) {
  if (offset > bytes.size() || size > bytes.size() - offset) return {};
  return bytes.subspan(offset, size);
}

Result<Elf64_Ehdr> read_header(std::span<const std::uint8_t> file) {
  if (file.size() < EI_NIDENT || std::memcmp(file.data(), ELFMAG, SELFMAG) != 0)
    return Error(Errc::invalid, "not an ELF file");
  if (file[EI_CLASS] == ELFCLASS32) return Error(Errc::unsupported, "32-bit ELF file; only x86-64 is served");
  if (file[EI_CLASS] != ELFCLASS64 || file[EI_DATA] != ELFDATA2LSB)
    return Error(Errc::unsupported, "not a 64-bit little-endian ELF file");
  Elf64_Ehdr header;
  if (file.size() < sizeof header) return Error(Errc::invalid, "ELF header is cut off");
  std::memcpy(&header, file.data(), sizeof header);
  if (header.e_machine != EM_X86_64) return Error(Errc::unsupported, "ELF file for another processor than x86-64");
  if (header.e_type != ET_EXEC && header.e_type != ET_DYN)
    return Error(Errc::unsupported, "ELF file is neither an executable nor a shared library");
  if (header.e_phentsize != sizeof(Elf64_Phdr)) return Error(Errc::invalid, "ELF program headers have a wrong size");
  return header;
}

}  // namespace

std::string_view string_at(std::span<const std::uint8_t> table, std::uint64_t offset) {
  if (offset >= table.size()) return {};
  const char* start = reinterpret_cast<const char*>(table.data() + offset);
  const void* end = std::memchr(start, 0, table.size() - offset);
  if (end == nullptr) return {};
  return {start, static_cast<std::size_t>(static_cast<const char*>(end) - start)};
}

Result<ElfImage> ElfImage::parse(std::span<const std::uint8_t> file) {
  const Elf64_Ehdr header = TRY(read_header(file));
  ElfImage image;
  image.file_ = file;
  image.entry_ = header.e_entry;
  image.position_independent_ = header.e_type == ET_DYN;
  TRY(image.read_segments(header));
  image.read_sections(header);
  return image;
}

Result<void> ElfImage::read_segments(const Elf64_Ehdr& header) {
  const auto table = slice(file_, header.e_phoff, std::uint64_t{header.e_phnum} * sizeof(Elf64_Phdr));
  if (table.empty()) return Error(Errc::invalid, "ELF program headers are missing or cut off");
  bool damaged = false, unordered = false;
  std::uint64_t previous_end = 0, dynamic_address = 0, dynamic_size = 0;
  for_each_record<Elf64_Phdr>(table, [&](const Elf64_Phdr& segment) {
    if (segment.p_type == PT_DYNAMIC) {
      dynamic_address = segment.p_vaddr;
      dynamic_size = segment.p_filesz;
    }
    if (segment.p_type == PT_GNU_EH_FRAME) unwind_header_address_ = segment.p_vaddr;
    if (segment.p_type != PT_LOAD) return;
    const std::uint64_t end = segment.p_vaddr + segment.p_memsz;
    if (segment.p_offset > file_.size() || segment.p_filesz > file_.size() - segment.p_offset ||
        segment.p_filesz > segment.p_memsz || end < segment.p_vaddr || end > std::uint64_t{1} << 47)
      damaged = true;
    if (segment.p_vaddr < previous_end) unordered = true;
    previous_end = end;
    segments_.push_back({segment.p_vaddr, segment.p_filesz, segment.p_memsz, segment.p_offset, segment.p_flags});
  });
  if (damaged) return Error(Errc::invalid, "ELF segment lies outside the file or the address space");
  if (unordered) return Error(Errc::invalid, "ELF segments overlap or are not ascending");
  if (segments_.empty()) return Error(Errc::invalid, "ELF file has nothing to load");
  bool more = true;
  for_each_record<Elf64_Dyn>(bytes_at(dynamic_address, dynamic_size), [&](const Elf64_Dyn& entry) {
    if (entry.d_tag == DT_NULL) more = false;
    if (more) dynamic_.push_back(entry);
  });
  return {};
}

void ElfImage::read_sections(const Elf64_Ehdr& header) {
  if (header.e_shentsize != sizeof(Elf64_Shdr)) return;
  const auto table = slice(file_, header.e_shoff, std::uint64_t{header.e_shnum} * sizeof(Elf64_Shdr));
  if (header.e_shoff == 0 || table.empty()) return;
  for_each_record<Elf64_Shdr>(table, [&](const Elf64_Shdr& section) { sections_.push_back({{}, section}); });
  if (header.e_shstrndx >= sections_.size()) return;
  const auto names = section_bytes(sections_[header.e_shstrndx]);
  for (ElfSection& section : sections_) section.name = string_at(names, section.header.sh_name);
}

std::span<const std::uint8_t> ElfImage::bytes_from(std::uint64_t address) const {
  for (const ElfSegment& segment : segments_) {
    if (address >= segment.address && address - segment.address < segment.file_size) {
      const std::uint64_t skip = address - segment.address;
      return file_.subspan(segment.file_offset + skip, segment.file_size - skip);
    }
  }
  return {};
}

std::span<const std::uint8_t> ElfImage::bytes_at(std::uint64_t address, std::uint64_t size) const {
  return slice(bytes_from(address), 0, size);
}

std::optional<std::uint64_t> ElfImage::file_offset_of(std::uint64_t address) const {
  const auto bytes = bytes_from(address);
  if (bytes.empty()) return std::nullopt;
  return static_cast<std::uint64_t>(bytes.data() - file_.data());
}

std::span<const std::uint8_t> ElfImage::section_bytes(const ElfSection& section) const {
  if (section.header.sh_type == SHT_NOBITS) return {};
  return slice(file_, section.header.sh_offset, section.header.sh_size);
}

const ElfSection* ElfImage::section(std::string_view name) const {
  for (const ElfSection& section : sections_) {
    if (section.name == name) return &section;
  }
  return nullptr;
}

const ElfSection* ElfImage::linked_section(const ElfSection& section) const {
  return section.header.sh_link < sections_.size() ? &sections_[section.header.sh_link] : nullptr;
}

std::optional<std::uint64_t> ElfImage::dynamic_value(std::int64_t tag) const {
  for (const Elf64_Dyn& entry : dynamic_) {
    if (entry.d_tag == tag) return entry.d_un.d_val;
  }
  return std::nullopt;
}

}  // namespace cloister
