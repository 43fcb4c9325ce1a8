// SPDX-License-Identifier: Apache-2.0
// The executable bytes of a file, numbered, so that what is known per byte lies in flat arrays. Owner's side. An index
// is 32 bits: position in the concatenation of all executable segments, between which one number stands for no byte, so
// that nothing runs on from one into the next.
#pragma once
#include <vector>
#include "src/analysis/elf_image.h"
#include "src/plan/plan.h"

namespace cloister {

struct RawHit {
  SiteKind kind;
  std::uint32_t index;
};

class Text {
 public:
  static constexpr std::uint32_t kNone = 0xFFFFFFFF;
  struct Piece {
    std::uint64_t address;
    std::span<const std::uint8_t> bytes;
    std::uint32_t first;  // index of bytes[0]
  };

  // Errc::unsupported when there is more executable code than any real program has.
  static Result<Text> of(const ElfImage& image);

  std::uint32_t size() const { return size_; }
  std::span<const Piece> pieces() const { return pieces_; }
  // kNone when `address` is no executable byte of the file.
  std::uint32_t index_of(std::uint64_t address) const;
  std::uint64_t address_of(std::uint32_t index) const;
  // From `index` to the end of its segment: empty for a number between two. `index` is below size().
  std::span<const std::uint8_t> bytes_from(std::uint32_t index) const;

  // Every place where the bytes of one of the instructions of interest stand, whatever they are; ascending.
  std::vector<RawHit> raw_hits() const;

 private:
  const Piece& piece_of(std::uint32_t index) const;
  std::vector<Piece> pieces_;
  std::uint32_t size_ = 0;
};

}  // namespace cloister
