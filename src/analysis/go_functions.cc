// SPDX-License-Identifier: Apache-2.0
// Go's own function table (pclntab), which survives stripping. Versions of Go 1.16 to 1.17 and from 1.18 on.
#include "src/analysis/byte_reader.h"
#include "src/analysis/functions.h"

namespace cloister {
namespace {

constexpr std::uint32_t kMagic116 = 0xFFFFFFFA, kMagic118 = 0xFFFFFFF0, kMagic120 = 0xFFFFFFF1;

template <typename Offset>
std::vector<AddressRange> read_table(ByteReader reader, std::uint64_t count, std::uint64_t base) {
  std::vector<AddressRange> ranges;
  std::uint64_t begin = base + reader.read<Offset>();
  reader.read<Offset>();
  while (count-- != 0) {
    const std::uint64_t end = base + reader.read<Offset>();
    if (!reader.ok()) break;
    reader.skip(count == 0 ? 0 : sizeof(Offset));  // the last row has no second column
    if (begin < end) ranges.push_back({begin, end});
    begin = end;
  }
  return ranges;
}

}  // namespace

std::vector<AddressRange> read_go_functions(const ElfImage& image, const Text& text) {
  const ElfSection* section = image.section(".gopclntab");
  if (section == nullptr) section = image.section(".data.rel.ro.gopclntab");
  if (section == nullptr) return {};
  const auto bytes = image.section_bytes(*section);
  ByteReader header(bytes);
  const auto magic = header.read<std::uint32_t>();
  const bool relative = magic == kMagic118 || magic == kMagic120;
  if (!relative && magic != kMagic116) return {};
  header.skip(3);
  if (header.read<std::uint8_t>() != 8) return {};  // size of a pointer
  const auto count = header.read<std::uint64_t>();
  header.skip(8);  // number of source files
  std::uint64_t base = 0;
  if (relative) {
    base = header.read<std::uint64_t>();
    // Position-independent programs have a relocation there instead.
    const ElfSection* code = image.section(".text");
    if (text.index_of(base) == Text::kNone && code != nullptr) base = code->header.sh_addr;
  }
  header.skip(4 * 8);  // offsets of names, units, files and line tables
  const auto table_offset = header.read<std::uint64_t>();
  if (!header.ok() || table_offset > bytes.size()) return {};
  ByteReader table(bytes.subspan(table_offset));
  return relative ? read_table<std::uint32_t>(table, count, base) : read_table<std::uint64_t>(table, count, 0);
}

}  // namespace cloister
