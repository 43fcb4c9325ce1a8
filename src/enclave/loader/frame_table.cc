// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/loader/frame_table.h"
#include <algorithm>
#include <cstring>
#include <string>

namespace cloister::loader {
namespace {
constexpr std::uint64_t kMostSegments = 64, kMostSections = 1024, kMostEntries = 1 << 24, kMostEntrySize = 64 << 10;
constexpr std::uint64_t kPieceSize = 16 << 10, kMostWork = 64 << 20;  // bytes
constexpr std::uint8_t kOmitted = 0xff, kRelativeToPlace = 0x10, kSigned4 = 0x0b, kUnsigned4 = 0x03;
constexpr std::uint8_t kIndexOf4 = 0x3b;  // relative to the index's beginning, signed 4 bytes: what linkers write
constexpr char kFrameSection[] = ".eh_frame";

// The file by link-time addresses. One piece of it is kept; what is read in all is limited, so that no file makes a
// search long.
class Image {
 public:
  Image(const ReadAt& read, std::uint64_t file_size) : read_(read), file_size_(file_size) {}

  bool read_segments() {
    if (!read_file(0, &header_, sizeof header_) || std::memcmp(header_.e_ident, ELFMAG, SELFMAG) != 0 ||
        header_.e_ident[EI_CLASS] != ELFCLASS64 || header_.e_phentsize != sizeof(Elf64_Phdr) ||
        header_.e_phnum > kMostSegments)
      return false;
    segments_.resize(header_.e_phnum);
    return !segments_.empty() && read_file(header_.e_phoff, segments_.data(), segments_.size() * sizeof(Elf64_Phdr));
  }
  const Elf64_Phdr* segment(std::uint32_t type) const {
    for (const Elf64_Phdr& each : segments_)
      if (each.p_type == type) return &each;
    return nullptr;
  }
  std::optional<Elf64_Shdr> frame_section() {
    Elf64_Shdr names, each;
    if (header_.e_shentsize != sizeof each || header_.e_shnum > kMostSections ||
        !read_section(header_.e_shstrndx, &names))
      return {};
    for (std::uint64_t i = 0; i < header_.e_shnum; ++i) {
      char name[sizeof kFrameSection];
      if (!read_section(i, &each)) return {};
      if (each.sh_type == SHT_NOBITS || each.sh_addr == 0) continue;
      if (read_file(names.sh_offset + each.sh_name, name, sizeof name) &&
          std::memcmp(name, kFrameSection, sizeof name) == 0)
        return each;
    }
    return {};
  }
  std::optional<std::uint64_t> address_of(std::uint64_t position) const {
    for (const Elf64_Phdr& each : segments_)
      if (each.p_type == PT_LOAD && position >= each.p_offset && position - each.p_offset < each.p_filesz)
        return each.p_vaddr + (position - each.p_offset);
    return {};
  }
  bool read(std::uint64_t address, void* to, std::uint64_t size) {
    for (const Elf64_Phdr& each : segments_)
      if (each.p_type == PT_LOAD && address >= each.p_vaddr && address - each.p_vaddr < each.p_filesz &&
          size <= each.p_filesz - (address - each.p_vaddr))
        return read_file(each.p_offset + (address - each.p_vaddr), to, size);
    return false;
  }

 private:
  bool read_section(std::uint64_t number, Elf64_Shdr* to) {
    return number < header_.e_shnum && read_file(header_.e_shoff + number * sizeof *to, to, sizeof *to);
  }
  bool read_file(std::uint64_t offset, void* to, std::uint64_t size) {
    if (offset > file_size_ || size > file_size_ - offset || !spend(size)) return false;
    for (auto* bytes = static_cast<std::uint8_t*>(to); size > 0;) {
      const std::uint64_t begin = offset - offset % kPieceSize, skipped = offset - begin;
      if ((piece_.empty() || begin != piece_offset_) && !load_piece(begin)) return false;
      const std::uint64_t part = std::min(size, piece_.size() - skipped);
      std::memcpy(bytes, piece_.data() + skipped, part);
      bytes += part, offset += part, size -= part;
    }
    return true;
  }
  bool load_piece(std::uint64_t begin) {
    piece_.resize(std::min(kPieceSize, file_size_ - begin));
    piece_offset_ = begin;
    if (spend(piece_.size()) && read_(begin, piece_.data(), piece_.size()).ok()) return true;
    piece_.clear();
    return false;
  }
  bool spend(std::uint64_t size) {
    if (size > kMostWork - work_) return false;
    work_ += size;
    return true;
  }

  const ReadAt& read_;
  const std::uint64_t file_size_;
  Elf64_Ehdr header_{};
  std::vector<Elf64_Phdr> segments_;
  std::vector<std::uint8_t> piece_;
  std::uint64_t piece_offset_ = 0, work_ = 0;
};

// An entry of .eh_frame without its length: for a FDE the offset back to its CIE comes first.
struct Entry {
  std::uint64_t address = 0;  // of `bytes`
  std::vector<std::uint8_t> bytes;
};
std::optional<Entry> read_entry(Image& image, std::uint64_t address) {
  std::uint32_t size;
  if (!image.read(address, &size, sizeof size) || size < 4 || size > kMostEntrySize) return {};
  Entry entry{address + 4, std::vector<std::uint8_t>(size)};
  if (!image.read(entry.address, entry.bytes.data(), size)) return {};
  return entry;
}

// A pointer of the given encoding, of those that compilers use for x86-64 code.
std::optional<std::uint64_t> read_pointer(FrameReader& in, std::uint64_t start, std::uint8_t encoding) {
  const std::uint64_t place = start + in.position();
  std::uint64_t value;
  switch (encoding & 0x0f) {
    case 0x00:
    case 0x04:
    case 0x0c: value = in.fixed(8); break;
    case kUnsigned4: value = in.fixed(4); break;
    case kSigned4: value = static_cast<std::uint64_t>(in.fixed_signed(4)); break;
    default: return {};
  }
  switch (encoding & 0xf0) {
    case 0: break;
    case kRelativeToPlace: value += place; break;
    default: return {};
  }
  if (!in.ok()) return {};
  return value;
}

// Where a function lies.
struct CodeRange {
  std::uint64_t begin, size;
  bool holds(std::uint64_t address) const { return address >= begin && address - begin < size; }
};
std::optional<CodeRange> read_range(FrameReader& in, std::uint64_t start, std::uint8_t encoding) {
  const auto begin = read_pointer(in, start, encoding);
  const auto size = read_pointer(in, 0, encoding & 0x0f);
  if (!begin || !size) return {};
  return CodeRange{*begin, *size};
}

// The entry whose function begins last before `address`, by the sorted index.
std::optional<std::uint64_t> find_indexed(Image& image, std::uint64_t address) {
  const Elf64_Phdr* const index = image.segment(PT_GNU_EH_FRAME);
  if (index == nullptr) return {};
  struct {
    std::uint8_t version, frame_encoding, count_encoding, table_encoding;
  } header;
  if (!image.read(index->p_vaddr, &header, sizeof header) || header.version != 1 ||
      header.table_encoding != kIndexOf4 || header.count_encoding != kUnsigned4 || header.frame_encoding == kOmitted)
    return {};
  const std::uint8_t frame_format = header.frame_encoding & 0x0f;
  const std::uint64_t before = frame_format == kSigned4 || frame_format == kUnsigned4 ? 8 : 12;  // that address, unused
  std::uint32_t count;
  if (!image.read(index->p_vaddr + before, &count, sizeof count) || count > kMostEntries) return {};
  struct Row {
    std::int32_t function, entry;
  } row{};
  const auto read_row = [&](std::uint64_t number) {
    return image.read(index->p_vaddr + before + 4 + number * sizeof(Row), &row, sizeof row);
  };
  const auto absolute = [&](std::int32_t offset) {
    return index->p_vaddr + static_cast<std::uint64_t>(std::int64_t{offset});
  };
  std::uint64_t low = 0, high = count;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    if (!read_row(middle)) return {};
    if (absolute(row.function) <= address)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == 0 || !read_row(low - 1)) return {};
  return absolute(row.entry);
}

struct Common {
  FrameProgram program;
  std::uint8_t pointer_encoding = 0;
  bool has_augmentation = false;
};
// `entry` must outlive the result, which points into it.
std::optional<Common> read_common(const Entry& entry) {
  FrameReader in(entry.bytes);
  if (in.fixed(4) != 0) return {};
  const std::uint64_t version = in.fixed(1);
  if (version != 1 && version != 3) return {};
  std::string augmentation;
  while (const auto letter = static_cast<char>(in.fixed(1))) augmentation += letter;
  Common common;
  common.program.code_alignment = in.uleb();
  common.program.data_alignment = in.sleb();
  if ((version == 1 ? in.fixed(1) : in.uleb()) != kFrameReturn) return {};
  if (!augmentation.empty()) {
    if (augmentation[0] != 'z') return {};
    common.has_augmentation = true;
    FrameReader data(in.take(in.uleb()));
    for (const char letter : augmentation.substr(1)) {
      switch (letter) {
        case 'R': common.pointer_encoding = static_cast<std::uint8_t>(data.fixed(1)); break;
        case 'L': data.fixed(1); break;
        case 'P':
          if (!read_pointer(data, 0, static_cast<std::uint8_t>(data.fixed(1)) & 0x0f)) return {};
          break;
        case 'S':
        case 'B': break;
        default: return {};
      }
    }
    if (!data.ok()) return {};
  }
  common.program.initial = in.rest();
  if (!in.ok()) return {};
  return common;
}

// The same one entry after the other: static programs have no index.
std::optional<std::uint64_t> find_in_turn(Image& image, std::uint64_t address) {
  const auto section = image.frame_section();
  if (!section) return {};
  std::uint64_t place = section->sh_addr, left = section->sh_size, common_place = 0;
  std::uint8_t encoding = kOmitted;
  while (left >= 8) {
    std::uint32_t head[2];  // the size of what follows it, how far back the common part lies
    if (!image.read(place, head, sizeof head) || head[0] < 4 || head[0] > left - 4) return {};
    if (head[1] != 0) {
      if (common_place != place + 4 - head[1]) {
        common_place = place + 4 - head[1];
        const auto entry = read_entry(image, common_place);
        const auto common = entry ? read_common(*entry) : std::nullopt;
        encoding = common ? common->pointer_encoding : kOmitted;
      }
      std::uint8_t bytes[16];  // as much as the largest two pointers
      const std::size_t size = std::min<std::size_t>(sizeof bytes, head[0] - 4);
      if (!image.read(place + 8, bytes, size)) return {};
      FrameReader in({bytes, size});
      const auto range = read_range(in, place + 8, encoding);
      if (range && range->holds(address)) return place;
    }
    place += 4 + std::uint64_t{head[0]};
    left -= 4 + std::uint64_t{head[0]};
  }
  return {};
}
}  // namespace

std::optional<FrameRules> find_frame_rules(const ReadAt& read, std::uint64_t file_size, std::uint64_t position) {
  Image image(read, file_size);
  if (!image.read_segments()) return {};
  const auto address = image.address_of(position);
  if (!address) return {};
  auto place = find_indexed(image, *address);
  if (!place) place = find_in_turn(image, *address);
  if (!place) return {};
  const auto entry = read_entry(image, *place);
  if (!entry) return {};
  FrameReader in(entry->bytes);
  const std::uint64_t back = in.fixed(4);
  if (back == 0 || back > entry->address) return {};
  const auto common_entry = read_entry(image, entry->address - back);
  if (!common_entry) return {};
  auto common = read_common(*common_entry);
  if (!common) return {};
  const auto range = read_range(in, entry->address, common->pointer_encoding);
  if (!range || !range->holds(*address)) return {};
  if (common->has_augmentation) in.take(in.uleb());
  common->program.instructions = in.rest();
  if (!in.ok()) return {};
  return run_frame_program(common->program, *address - range->begin);
}
}  // namespace cloister::loader
