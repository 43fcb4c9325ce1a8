// SPDX-License-Identifier: Apache-2.0
#include "src/analysis/references.h"
#include <algorithm>
#include <cstring>

namespace cloister {
namespace {

std::uint32_t word_at(const std::uint8_t* bytes) {
  std::uint32_t word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

// By the bytes before a field: whether it may be that of a call, jmp, jcc or xbegin, or of a lea. What is none may look
// like one; nothing that is one is missed.
bool may_be_branch(std::span<const std::uint8_t> bytes, std::size_t field) {
  const std::uint8_t last = field < 1 ? 0 : bytes[field - 1], before = field < 2 ? 0 : bytes[field - 2];
  return last == 0xE8 || last == 0xE9 || (before == 0x0F && (last & 0xF0) == 0x80) || (before == 0xC7 && last == 0xF8);
}
bool may_be_lea(std::span<const std::uint8_t> bytes, std::size_t field) {
  return field >= 2 && bytes[field - 2] == 0x8D && (bytes[field - 1] & 0xC7) == 0x05;
}

// Fields of `from` that are relative to their own end and reach `to`.
void find_fields(const Text::Piece& from, const Text::Piece& to, const InterestSet& interest,
                 std::vector<FieldReference>& fields) {
  const std::uint64_t distance = from.address - to.address;
  const std::uint64_t size = to.bytes.size();
  for (std::size_t at = 0; at + 4 <= from.bytes.size(); ++at) {
    const auto field = static_cast<std::int32_t>(word_at(&from.bytes[at]));
    const std::uint64_t offset = distance + at + 4 + static_cast<std::uint64_t>(std::int64_t{field});
    if (offset >= size) continue;
    const std::uint32_t target = to.first + static_cast<std::uint32_t>(offset);
    if (!interest.contains(target)) continue;
    const bool branch = may_be_branch(from.bytes, at);
    if (branch || may_be_lea(from.bytes, at))
      fields.push_back({from.first + static_cast<std::uint32_t>(at), target, branch});
  }
}

// And in their instructions, as 32-bit constants and displacements.
void find_absolute(const Text& text, const InterestSet& interest, std::vector<FieldReference>& fields) {
  for (const Text::Piece& piece : text.pieces()) {
    for (std::size_t at = 0; at + 4 <= piece.bytes.size(); ++at) {
      const std::uint32_t target = text.index_of(word_at(&piece.bytes[at]));
      if (target != Text::kNone && interest.contains(target))
        fields.push_back({piece.first + static_cast<std::uint32_t>(at), target, false});
    }
  }
}

void sort_by_target(std::vector<FieldReference>& fields) {
  std::sort(fields.begin(), fields.end(), [](const FieldReference& a, const FieldReference& b) {
    return a.target != b.target ? a.target < b.target : a.field < b.field;
  });
}

class PointerFinder {
 public:
  PointerFinder(const ElfImage& image, const Text& text, const InterestSet& interest, std::vector<std::uint32_t>& out)
      : image_(image), text_(text), interest_(interest), out_(out) {}

  void add(std::uint64_t address) {
    const std::uint32_t index = text_.index_of(address);
    if (index != Text::kNone && interest_.contains(index)) out_.push_back(index);
  }

  void relocations() {
    for (const ElfSection& section : image_.sections()) {
      if (section.header.sh_type == SHT_RELA) addends(image_.section_bytes(section));
      if (section.header.sh_type == SHT_RELR) relative(image_.section_bytes(section));
    }
    addends(dynamic_table(DT_RELA, DT_RELASZ));
    addends(dynamic_table(DT_JMPREL, DT_PLTRELSZ));
    relative(dynamic_table(DT_RELR, DT_RELRSZ));
    for (const std::int64_t tag : {DT_INIT, DT_FINI}) add(image_.dynamic_value(tag).value_or(0));
  }

  // Programs at a fixed address hold plain addresses in their data, aligned.
  void plain_words() {
    for (const ElfSegment& segment : image_.segments()) {
      const auto bytes = image_.bytes_at(segment.address, segment.file_size);
      for (std::size_t at = 0; at + 8 <= bytes.size(); at += 4) {
        if (word_at(&bytes[at + 4]) == 0) add(word_at(&bytes[at]));
      }
    }
  }

 private:
  std::span<const std::uint8_t> dynamic_table(std::int64_t address, std::int64_t size) const {
    return image_.bytes_at(image_.dynamic_value(address).value_or(0), image_.dynamic_value(size).value_or(0));
  }
  void addends(std::span<const std::uint8_t> table) {
    for_each_record<Elf64_Rela>(table,
                                [&](const Elf64_Rela& entry) { add(static_cast<std::uint64_t>(entry.r_addend)); });
  }
  void relative(std::span<const std::uint8_t> table) {
    std::uint64_t where = 0;
    const auto one = [&](std::uint64_t address) {
      const auto bytes = image_.bytes_at(address, 8);
      std::uint64_t value = 0;
      if (!bytes.empty()) std::memcpy(&value, bytes.data(), sizeof value);
      add(value);
    };
    for_each_record<std::uint64_t>(table, [&](std::uint64_t word) {
      if ((word & 1) == 0) {
        one(word);
        where = word + 8;
        return;
      }
      for (unsigned bit = 1; bit < 64; ++bit) {
        if ((word >> bit & 1) != 0) one(where + 8 * (bit - 1));
      }
      where += 63 * 8;
    });
  }

  const ElfImage& image_;
  const Text& text_;
  const InterestSet& interest_;
  std::vector<std::uint32_t>& out_;
};

}  // namespace

void InterestSet::add(std::uint32_t begin, std::uint32_t end) {
  for (std::uint32_t i = begin; i < std::min(end, size_); ++i) bits_[i >> 6] |= std::uint64_t{1} << (i & 63);
}

References find_references(const ElfImage& image, const Text& text, const InterestSet& interest) {
  References references;
  for (const Text::Piece& from : text.pieces()) {
    for (const Text::Piece& to : text.pieces()) find_fields(from, to, interest, references.fields);
  }
  sort_by_target(references.fields);
  PointerFinder pointers(image, text, interest, references.pointers);
  pointers.relocations();
  if (!image.position_independent()) {
    pointers.plain_words();
    find_absolute(text, interest, references.absolute);
    sort_by_target(references.absolute);
  }
  std::sort(references.pointers.begin(), references.pointers.end());
  const auto end = std::unique(references.pointers.begin(), references.pointers.end());
  references.pointers.erase(end, references.pointers.end());
  return references;
}

}  // namespace cloister
