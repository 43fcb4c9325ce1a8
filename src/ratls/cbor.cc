// SPDX-License-Identifier: Apache-2.0
#include "src/ratls/cbor.h"

namespace cloister::ratls {
namespace {
constexpr unsigned kMajorShift = 5;
constexpr std::uint8_t kNumberMask = 0x1f;
// From 24 on a head's number follows in 1, 2, 4 or 8 bytes.
constexpr std::uint8_t kInOneByte = 24, kInEightBytes = 27;

Error malformed() { return Error(Errc::invalid, "malformed CBOR in the evidence"); }

std::size_t size_of_number(std::uint64_t number) {
  if (number < kInOneByte) return 0;
  return number <= 0xff ? 1 : number <= 0xffff ? 2 : number <= 0xffffffff ? 4 : 8;
}
}  // namespace

Result<Bytes> CborReader::take(std::uint64_t size) {
  if (size > rest_.size()) return malformed();
  const Bytes taken = rest_.first(static_cast<std::size_t>(size));
  rest_ = rest_.subspan(taken.size());
  return taken;
}

Result<std::uint64_t> CborReader::head(CborMajor major) {
  const std::uint8_t first = TRY(take(1))[0];
  if (first >> kMajorShift != static_cast<std::uint8_t>(major)) return malformed();
  std::uint64_t number = first & kNumberMask;
  if (number < kInOneByte) return number;
  if (number > kInEightBytes) return malformed();  // reserved, or of indefinite length
  const std::size_t size = std::size_t{1} << (number - kInOneByte);
  number = 0;
  for (const std::uint8_t digit : TRY(take(size))) number = number << 8 | digit;
  if (size_of_number(number) != size) return malformed();
  return number;
}

Result<Bytes> CborReader::bytes() { return take(TRY(head(CborMajor::bytes))); }

Result<std::string_view> CborReader::text() {
  const Bytes bytes = TRY(take(TRY(head(CborMajor::text))));
  return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

Result<void> CborReader::finish() const {
  if (!rest_.empty()) return malformed();
  return {};
}

void append_head(OwnedBytes& to, CborMajor major, std::uint64_t number) {
  const std::size_t size = size_of_number(number);
  std::uint64_t low = number;
  if (size != 0) {
    low = kInOneByte;
    while (std::size_t{1} << (low - kInOneByte) != size) ++low;
  }
  to.push_back(static_cast<std::uint8_t>(static_cast<unsigned>(major) << kMajorShift | low));
  for (std::size_t left = size; left > 0; --left) to.push_back(static_cast<std::uint8_t>(number >> (8 * (left - 1))));
}

void append_bytes(OwnedBytes& to, Bytes bytes) {
  append_head(to, CborMajor::bytes, bytes.size());
  to.insert(to.end(), bytes.begin(), bytes.end());
}

void append_text(OwnedBytes& to, std::string_view text) {
  append_head(to, CborMajor::text, text.size());
  to.insert(to.end(), text.begin(), text.end());
}

}  // namespace cloister::ratls
