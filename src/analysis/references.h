// SPDX-License-Identifier: Apache-2.0
// Every value in the file that could be an address within some places of interest. Owner's side.
//
// No code needs to be decoded for it: each four bytes of the text are read as the field of a branch or lea, each word
// of the relocations and (in programs at a fixed address) of data and text as a pointer. What comes out is a superset
// of the real references, which is what a window must be safe from.
#pragma once
#include <vector>
#include "src/analysis/functions.h"

namespace cloister {

// A set of text indices.
class InterestSet {
 public:
  explicit InterestSet(std::uint32_t size) : size_(size), bits_((size >> 6) + 1) {}
  void add(std::uint32_t begin, std::uint32_t end);
  bool contains(std::uint32_t index) const { return index < size_ && (bits_[index >> 6] >> (index & 63) & 1) != 0; }

 private:
  std::uint32_t size_;
  std::vector<std::uint64_t> bits_;
};

struct FieldReference {
  std::uint32_t field;  // index of the four bytes
  std::uint32_t target;
  bool may_be_branch;  // by the byte before it; else it may be a lea
};

struct References {
  std::vector<FieldReference> fields;    // PC-relative, in the text; ascending by target
  std::vector<std::uint32_t> pointers;   // in relocations and data; ascending
  std::vector<FieldReference> absolute;  // in the text of a program at a fixed address; ascending by target
};

References find_references(const ElfImage& image, const Text& text, const InterestSet& interest);

}  // namespace cloister
