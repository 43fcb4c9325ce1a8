// SPDX-License-Identifier: Apache-2.0
#include "src/analysis/text.h"
#include <emmintrin.h>
#include <bit>

namespace cloister {
namespace {

constexpr std::size_t kMaxPieces = 16;
constexpr std::uint64_t kMaxTextSize = std::uint64_t{1} << 30;

void add_hit(std::span<const std::uint8_t> bytes, std::size_t at, std::uint32_t first, std::vector<RawHit>& hits) {
  for (const SiteKind kind : {SiteKind::syscall, SiteKind::cpuid, SiteKind::rdtsc, SiteKind::rdtscp}) {
    const auto instruction = instruction_bytes(kind);
    if (bytes.size() - at < instruction.size()) continue;
    if (std::equal(instruction.begin(), instruction.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at)))
      hits.push_back({kind, first + static_cast<std::uint32_t>(at)});
  }
}

// All begin with 0F; the second byte is one of four. Sixteen places are tried at a time.
void search(const Text::Piece& piece, std::vector<RawHit>& hits) {
  const auto bytes = piece.bytes;
  const __m128i escape = _mm_set1_epi8(0x0F), syscall = _mm_set1_epi8(0x05), rdtsc = _mm_set1_epi8(0x31),
                cpuid = _mm_set1_epi8(static_cast<char>(0xA2)), rdtscp = _mm_set1_epi8(0x01);
  std::size_t at = 0;
  for (; bytes.size() - at >= 17; at += 16) {
    const __m128i one = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes.data() + at));
    const __m128i two = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes.data() + at + 1));
    const __m128i second = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(two, syscall), _mm_cmpeq_epi8(two, rdtsc)),
                                        _mm_or_si128(_mm_cmpeq_epi8(two, cpuid), _mm_cmpeq_epi8(two, rdtscp)));
    auto found = static_cast<unsigned>(_mm_movemask_epi8(_mm_and_si128(_mm_cmpeq_epi8(one, escape), second)));
    for (; found != 0; found &= found - 1)
      add_hit(bytes, at + static_cast<unsigned>(std::countr_zero(found)), piece.first, hits);
  }
  for (; at < bytes.size(); ++at) add_hit(bytes, at, piece.first, hits);
}

}  // namespace

Result<Text> Text::of(const ElfImage& image) {
  Text text;
  std::uint64_t size = 0;
  for (const ElfSegment& segment : image.segments()) {
    if (!segment.executable() || segment.file_size == 0) continue;
    if (text.pieces_.size() == kMaxPieces || segment.file_size > kMaxTextSize - size)
      return Error(Errc::unsupported, "more executable segments or code than is served");
    if (size != 0) ++size;
    text.pieces_.push_back(
        {segment.address, image.bytes_at(segment.address, segment.file_size), static_cast<std::uint32_t>(size)});
    size += segment.file_size;
  }
  text.size_ = static_cast<std::uint32_t>(size);
  return text;
}

std::uint32_t Text::index_of(std::uint64_t address) const {
  for (const Piece& piece : pieces_) {
    if (address - piece.address < piece.bytes.size())
      return piece.first + static_cast<std::uint32_t>(address - piece.address);
  }
  return kNone;
}

const Text::Piece& Text::piece_of(std::uint32_t index) const {
  std::size_t i = pieces_.size() - 1;
  while (pieces_[i].first > index) --i;
  return pieces_[i];
}

std::uint64_t Text::address_of(std::uint32_t index) const {
  const Piece& piece = piece_of(index);
  return piece.address + (index - piece.first);
}

std::span<const std::uint8_t> Text::bytes_from(std::uint32_t index) const {
  const Piece& piece = piece_of(index);
  return piece.bytes.subspan(index - piece.first);
}

std::vector<RawHit> Text::raw_hits() const {
  std::vector<RawHit> hits;
  for (const Piece& piece : pieces_) search(piece, hits);
  return hits;
}

}  // namespace cloister
