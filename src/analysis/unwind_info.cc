// SPDX-License-Identifier: Apache-2.0
#include "src/analysis/unwind_info.h"
#include "src/analysis/byte_reader.h"

namespace cloister {
namespace {

// What a common information entry says about the entries that refer to it.
struct CommonEntry {
  std::size_t offset = ~std::size_t{0};
  std::uint8_t pointer_encoding = 0;
  std::uint8_t lsda_encoding = 0xFF;
  bool has_augmentation_data = false;
  bool signal_frame = false;
};

CommonEntry read_common_entry(ByteReader reader, std::size_t offset) {
  CommonEntry entry;
  entry.offset = offset;
  const auto version = reader.read<std::uint8_t>();
  char augmentation[8] = {};
  for (std::size_t i = 0; reader.ok(); ++i) {
    const auto letter = static_cast<char>(reader.read<std::uint8_t>());
    if (letter == 0) break;
    if (i < sizeof augmentation - 1) augmentation[i] = letter;
  }
  reader.uleb();
  reader.sleb();
  if (version == 1)
    reader.read<std::uint8_t>();
  else
    reader.uleb();
  if (augmentation[0] != 'z') return entry;
  entry.has_augmentation_data = true;
  reader.uleb();
  for (const char* letter = augmentation + 1; *letter != 0; ++letter) {
    if (*letter == 'S') entry.signal_frame = true;
    if (*letter == 'R') entry.pointer_encoding = reader.read<std::uint8_t>();
    if (*letter == 'L') entry.lsda_encoding = reader.read<std::uint8_t>();
    if (*letter == 'P') {
      const auto encoding = reader.read<std::uint8_t>();
      reader.encoded_pointer(encoding & 0x0F);
    }
  }
  return entry;
}

UnwindEntry read_frame_entry(ByteReader reader, const CommonEntry& common) {
  UnwindEntry entry{};
  entry.begin = reader.encoded_pointer(common.pointer_encoding);
  entry.end = entry.begin + reader.encoded_pointer(common.pointer_encoding & 0x0F);
  // The entry of a signal trampoline begins one byte before its code, for unwinders that look up "return address - 1".
  if (common.signal_frame) ++entry.begin;
  if (common.has_augmentation_data && reader.uleb() != 0) entry.lsda = reader.encoded_pointer(common.lsda_encoding);
  if (!reader.ok()) entry = {};
  return entry;
}

struct Frames {
  std::span<const std::uint8_t> bytes;
  std::uint64_t address;
};

Frames find_frames(const ElfImage& image) {
  if (const ElfSection* section = image.section(".eh_frame"))
    return {image.section_bytes(*section), section->header.sh_addr};
  const std::uint64_t header = image.unwind_header_address();
  ByteReader reader(image.bytes_from(header), header);
  if (header == 0 || reader.read<std::uint8_t>() != 1) return {};
  const auto encoding = reader.read<std::uint8_t>();
  reader.skip(2);
  // The pointer to the frames is relative to where it stands, as every linker writes it.
  const std::uint64_t address = reader.encoded_pointer(encoding);
  if (!reader.ok()) return {};
  return {image.bytes_from(address), address};
}

}  // namespace

std::vector<UnwindEntry> read_unwind_entries(const ElfImage& image) {
  const Frames frames = find_frames(image);
  std::vector<UnwindEntry> entries;
  CommonEntry common;  // the one used last: neighbours nearly always share it
  ByteReader reader(frames.bytes, frames.address);
  while (reader.remaining() >= 8) {
    std::uint64_t length = reader.read<std::uint32_t>();
    if (length == 0) continue;  // the end of one object file's part
    if (length == 0xFFFFFFFF) length = reader.read<std::uint64_t>();
    const std::size_t start = reader.position();
    if (length > reader.remaining()) break;
    ByteReader record(frames.bytes.subspan(start, length), frames.address + start);
    reader.skip(length);
    const auto id = record.read<std::uint32_t>();
    if (id == 0 || id > start) continue;  // a common entry; read when it is referred to
    const std::size_t common_offset = start - id;
    if (common.offset != common_offset) {
      ByteReader common_record(frames.bytes.subspan(common_offset), frames.address + common_offset);
      common_record.skip(8);
      common = read_common_entry(common_record, common_offset);
    }
    const UnwindEntry entry = read_frame_entry(record, common);
    if (entry.begin < entry.end) entries.push_back(entry);
  }
  return entries;
}

std::vector<std::uint64_t> read_landing_pads(const ElfImage& image, const UnwindEntry& entry) {
  std::vector<std::uint64_t> pads;
  if (entry.lsda == 0) return pads;
  ByteReader reader(image.bytes_from(entry.lsda), entry.lsda);
  const auto base_encoding = reader.read<std::uint8_t>();
  const std::uint64_t base = base_encoding == 0xFF ? entry.begin : reader.encoded_pointer(base_encoding);
  if (reader.read<std::uint8_t>() != 0xFF) reader.uleb();
  const auto call_site_encoding = reader.read<std::uint8_t>();
  const std::uint64_t size = reader.uleb();
  if (!reader.ok() || size > reader.remaining()) return pads;
  const std::size_t end = reader.position() + size;
  while (reader.ok() && reader.position() < end) {
    reader.encoded_pointer(call_site_encoding & 0x0F);
    reader.encoded_pointer(call_site_encoding & 0x0F);
    const std::uint64_t pad = reader.encoded_pointer(call_site_encoding & 0x0F);
    reader.uleb();
    if (pad != 0) pads.push_back(base + pad);
  }
  return pads;
}

}  // namespace cloister
