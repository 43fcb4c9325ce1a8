// SPDX-License-Identifier: Apache-2.0
#include "src/dcap/der.h"
#include <algorithm>

namespace cloister::dcap {
namespace {

constexpr char kMalformed[] = "malformed DER";

// Consumes tag and length from `rest`; the length of the content, which is known to be there.
Result<std::size_t> content_size(Bytes& rest) {
  if (rest.size() < 2 || (rest[0] & 0x1f) == 0x1f) return Error(Errc::invalid, kMalformed);
  std::size_t size = rest[1], header = 2;
  if (size & 0x80) {
    const std::size_t digits = size & 0x7f;
    if (digits == 0 || digits > 3 || rest.size() < 2 + digits) return Error(Errc::invalid, kMalformed);
    size = 0;
    for (std::size_t i = 0; i < digits; ++i) size = size << 8 | rest[2 + i];
    const bool shortest = rest[2] != 0 && size >= 0x80;
    if (!shortest) return Error(Errc::invalid, kMalformed);
    header += digits;
  }
  rest = rest.subspan(header);
  if (size > rest.size()) return Error(Errc::invalid, kMalformed);
  return size;
}

}  // namespace

Result<DerElement> DerReader::next() {
  const Bytes start = rest_;
  const std::size_t size = TRY(content_size(rest_));
  const Bytes content = rest_.first(size);
  rest_ = rest_.subspan(size);
  return DerElement{start[0], content, start.first(start.size() - rest_.size())};
}

Result<DerElement> DerReader::expect(DerTag tag) {
  if (!sees(tag)) return Error(Errc::invalid, kMalformed);
  return next();
}

Result<void> DerReader::finish() const {
  if (!rest_.empty()) return Error(Errc::invalid, kMalformed);
  return {};
}

Result<DerElement> der_whole(Bytes bytes, DerTag tag) {
  DerReader reader(bytes);
  const DerElement element = TRY(reader.expect(tag));
  TRY(reader.finish());
  return element;
}

Result<Bytes> der_unsigned(const DerElement& integer) {
  Bytes digits = integer.content;
  if (digits.empty() || (digits[0] & 0x80)) return Error(Errc::invalid, kMalformed);
  if (digits[0] != 0) return digits;
  digits = digits.subspan(1);
  // A leading zero is there only to keep the number from being negative; zero itself is one zero byte.
  if (!digits.empty() && !(digits[0] & 0x80)) return Error(Errc::invalid, kMalformed);
  return digits;
}

Result<std::uint32_t> der_small(const DerElement& integer, std::uint32_t limit) {
  const Bytes digits = TRY(der_unsigned(integer));
  if (digits.size() > 4) return Error(Errc::invalid, "a number in DER is too large");
  std::uint64_t value = 0;
  for (std::uint8_t digit : digits) value = value << 8 | digit;
  if (value > limit) return Error(Errc::invalid, "a number in DER is too large");
  return static_cast<std::uint32_t>(value);
}

Result<Bytes> der_octets_of_bits(const DerElement& bits) {
  if (bits.content.empty() || bits.content[0] != 0) return Error(Errc::invalid, kMalformed);
  return bits.content.subspan(1);
}

Result<std::array<std::uint8_t, 64>> der_p256_signature(Bytes der) {
  DerReader pair(TRY(der_whole(der, DerTag::sequence)).content);
  std::array<std::uint8_t, 64> signature{};
  for (std::size_t half = 0; half < 2; ++half) {
    const Bytes digits = TRY(der_unsigned(TRY(pair.expect(DerTag::integer))));
    if (digits.size() > 32) return Error(Errc::invalid, "a signature's number has more than 256 bits");
    std::copy(digits.begin(), digits.end(),
              signature.begin() + static_cast<std::ptrdiff_t>(32 * (half + 1) - digits.size()));
  }
  TRY(pair.finish());
  return signature;
}

}  // namespace cloister::dcap
