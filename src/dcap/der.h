// SPDX-License-Identifier: Apache-2.0
// DER (X.690), as far as certificates and revocation lists need it: reading by views, without recursion or allocation.
// Strict: one-byte tags, definite lengths in the shortest form. Both sides.
#pragma once
#include <array>
#include <cstdint>
#include "src/base/result.h"
#include "src/dcap/byte_reader.h"

namespace cloister::dcap {

enum class DerTag : std::uint8_t {
  boolean = 0x01,
  integer = 0x02,
  bit_string = 0x03,
  octet_string = 0x04,
  null = 0x05,
  object_identifier = 0x06,
  enumerated = 0x0a,
  utf8_string = 0x0c,
  printable_string = 0x13,
  utc_time = 0x17,
  generalized_time = 0x18,
  sequence = 0x30,
  set = 0x31,
  context_0 = 0xa0,  // [0], constructed
  context_3 = 0xa3,  // [3], constructed
};

struct DerElement {
  std::uint8_t tag;
  Bytes content;
  Bytes whole;  // with tag and length
  bool is(DerTag wanted) const { return tag == static_cast<std::uint8_t>(wanted); }
};

class DerReader {
 public:
  explicit DerReader(Bytes bytes) : rest_(bytes) {}
  bool at_end() const { return rest_.empty(); }
  Result<DerElement> next();
  // The next element, which must have this tag.
  Result<DerElement> expect(DerTag tag);
  // Whether the next element has this tag; nothing is consumed.
  bool sees(DerTag tag) const { return !rest_.empty() && rest_[0] == static_cast<std::uint8_t>(tag); }
  // Errc::invalid unless everything was read.
  Result<void> finish() const;

 private:
  Bytes rest_;
};

// The one element that `bytes` are.
Result<DerElement> der_whole(Bytes bytes, DerTag tag);
// The digits of an INTEGER that is not negative, without leading zeros (empty for 0).
Result<Bytes> der_unsigned(const DerElement& integer);
// An INTEGER or ENUMERATED from 0 to `limit`.
Result<std::uint32_t> der_small(const DerElement& integer, std::uint32_t limit);
// The octets of a BIT STRING without unused bits.
Result<Bytes> der_octets_of_bits(const DerElement& bits);
// ECDSA-Sig-Value as r and s of 32 bytes each.
Result<std::array<std::uint8_t, 64>> der_p256_signature(Bytes der);

}  // namespace cloister::dcap
