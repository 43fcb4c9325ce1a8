// SPDX-License-Identifier: Apache-2.0
// An x86-64 ELF executable or shared library as bytes: segments, sections, dynamic table. Owner's side.
// Every offset is checked; nothing here trusts the file. Section headers are optional and, when damaged, absent.
#pragma once
#include <elf.h>
#include <optional>
#include <span>
#include <string_view>
#include <vector>
#include "src/base/result.h"

namespace cloister {

struct ElfSegment {
  std::uint64_t address, file_size, memory_size, file_offset;
  std::uint32_t flags;  // PF_*
  bool executable() const { return (flags & PF_X) != 0; }
};

struct ElfSection {
  std::string_view name;
  Elf64_Shdr header;
};

class ElfImage {
 public:
  // Keeps referring to `file`. Errc::invalid: damaged; Errc::unsupported: well-formed, but not x86-64 Linux code.
  static Result<ElfImage> parse(std::span<const std::uint8_t> file);

  std::span<const std::uint8_t> file() const { return file_; }
  std::span<const ElfSegment> segments() const { return segments_; }  // PT_LOAD, ascending
  std::span<const ElfSection> sections() const { return sections_; }
  std::uint64_t entry() const { return entry_; }
  bool position_independent() const { return position_independent_; }

  // [address, address + size) as it is in the file; empty when any of it is not.
  std::span<const std::uint8_t> bytes_at(std::uint64_t address, std::uint64_t size) const;
  // From `address` to the end of the file's part of its segment.
  std::span<const std::uint8_t> bytes_from(std::uint64_t address) const;
  std::optional<std::uint64_t> file_offset_of(std::uint64_t address) const;
  std::span<const std::uint8_t> section_bytes(const ElfSection& section) const;
  const ElfSection* section(std::string_view name) const;
  const ElfSection* linked_section(const ElfSection& section) const;
  std::optional<std::uint64_t> dynamic_value(std::int64_t tag) const;
  std::uint64_t unwind_header_address() const { return unwind_header_address_; }  // PT_GNU_EH_FRAME, 0 when absent

 private:
  ElfImage() = default;
  Result<void> read_segments(const Elf64_Ehdr& header);
  void read_sections(const Elf64_Ehdr& header);

  std::span<const std::uint8_t> file_;
  std::vector<ElfSegment> segments_;
  std::vector<ElfSection> sections_;
  std::vector<Elf64_Dyn> dynamic_;
  std::uint64_t entry_ = 0, unwind_header_address_ = 0;
  bool position_independent_ = true;
};

// The NUL-terminated string at `offset`; empty when it does not end within `table`.
std::string_view string_at(std::span<const std::uint8_t> table, std::uint64_t offset);

// Calls `visit` with each whole record of type T in `bytes`, which may be unaligned.
template <typename T, typename Visit>
void for_each_record(std::span<const std::uint8_t> bytes, Visit visit) {
  for (std::size_t at = 0; bytes.size() - at >= sizeof(T); at += sizeof(T)) {
    T record;
    __builtin_memcpy(&record, bytes.data() + at, sizeof record);
    visit(record);
  }
}

}  // namespace cloister
