// SPDX-License-Identifier: Apache-2.0
// CBOR (RFC 8949), as far as evidence in certificates needs it: heads, byte strings and texts, one after the other, by
// views, without recursion or allocation. Strict: definite lengths and the shortest form of each number. Both sides.
#pragma once
#include <cstdint>
#include <string_view>
#include "src/base/result.h"
#include "src/dcap/byte_reader.h"
#include "src/dcap/pem.h"

namespace cloister::ratls {

using dcap::Bytes;
using dcap::OwnedBytes;

enum class CborMajor : std::uint8_t { number = 0, bytes = 2, text = 3, array = 4, map = 5, tag = 6 };

class CborReader {
 public:
  explicit CborReader(Bytes bytes) : rest_(bytes) {}
  bool at_end() const { return rest_.empty(); }
  // The number in the next head, which must be of this kind: a value, a size, a count of elements, a tag.
  Result<std::uint64_t> head(CborMajor major);
  Result<Bytes> bytes();
  Result<std::string_view> text();
  // Errc::invalid unless everything was read.
  Result<void> finish() const;

 private:
  Result<Bytes> take(std::uint64_t size);

  Bytes rest_;
};

void append_head(OwnedBytes& to, CborMajor major, std::uint64_t number);
void append_bytes(OwnedBytes& to, Bytes bytes);
void append_text(OwnedBytes& to, std::string_view text);

}  // namespace cloister::ratls
