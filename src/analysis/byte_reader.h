// SPDX-License-Identifier: Apache-2.0
// A bounds-checked cursor over the bytes of a file that may be damaged or hostile. Owner's side.
// A read beyond the end yields zero and makes ok() false for ever, so that a parser checks once per record.
#pragma once
#include <cstdint>
#include <cstring>
#include <span>

namespace cloister {

class ByteReader {
 public:
  // `address` is the virtual address of bytes[0], for values that are relative to where they stand.
  explicit ByteReader(std::span<const std::uint8_t> bytes, std::uint64_t address = 0)
      : bytes_(bytes), address_(address) {}

  bool ok() const { return ok_; }
  bool at_end() const { return !ok_ || position_ == bytes_.size(); }
  std::size_t position() const { return position_; }
  std::uint64_t address() const { return address_ + position_; }
  std::size_t remaining() const { return bytes_.size() - position_; }

  template <typename T>
  T read() {
    T value{};
    if (remaining() < sizeof value) {
      fail();
    } else {
      std::memcpy(&value, bytes_.data() + position_, sizeof value);
      position_ += sizeof value;
    }
    return value;
  }

  void skip(std::uint64_t count) {
    if (count > remaining())
      fail();
    else
      position_ += count;
  }

  std::uint64_t uleb() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; ok_; shift += 7) {
      const auto byte = read<std::uint8_t>();
      if (shift < 64) value |= std::uint64_t{byte & 0x7Fu} << shift;
      if ((byte & 0x80) == 0) break;
    }
    return value;
  }

  std::int64_t sleb() {
    std::uint64_t value = 0;
    unsigned shift = 0;
    while (ok_) {
      const auto byte = read<std::uint8_t>();
      if (shift < 64) value |= std::uint64_t{byte & 0x7Fu} << shift;
      shift += 7;
      if ((byte & 0x80) != 0) continue;
      if (shift < 64 && (byte & 0x40) != 0) value |= ~std::uint64_t{0} << shift;
      break;
    }
    return static_cast<std::int64_t>(value);
  }

  // A pointer as exception tables encode it (DW_EH_PE_*); only absolute and PC-relative ones, which is what x86-64
  // uses. Indirect ones yield the address of the pointer.
  std::uint64_t encoded_pointer(std::uint8_t encoding) {
    if (encoding == 0xFF) return 0;
    const std::uint64_t here = address();
    std::uint64_t value = 0;
    switch (encoding & 0x0F) {
      case 0x00:
      case 0x04:
      case 0x0C: value = read<std::uint64_t>(); break;
      case 0x01: value = uleb(); break;
      case 0x02: value = read<std::uint16_t>(); break;
      case 0x03: value = read<std::uint32_t>(); break;
      case 0x09: value = static_cast<std::uint64_t>(sleb()); break;
      case 0x0A: value = static_cast<std::uint64_t>(std::int64_t{read<std::int16_t>()}); break;
      case 0x0B: value = static_cast<std::uint64_t>(std::int64_t{read<std::int32_t>()}); break;
      default: fail();
    }
    if (value != 0 && (encoding & 0x70) == 0x10) value += here;
    return value;
  }

 private:
  void fail() {
    ok_ = false;
    position_ = bytes_.size();
  }
  std::span<const std::uint8_t> bytes_;
  std::uint64_t address_;
  std::size_t position_ = 0;
  bool ok_ = true;
};

}  // namespace cloister
