// SPDX-License-Identifier: Apache-2.0
// Fields of canonical encodings: little-endian numbers, fixed bytes, and byte strings with a 32-bit size.
// Both sides; pure. Every reading step is bounds-checked and names the field in its error.
#pragma once
#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>
#include "src/base/result.h"

namespace cloister {

using Bytes = std::span<const std::uint8_t>;

class FieldReader {
 public:
  explicit FieldReader(Bytes bytes) : rest_(bytes) {}

  template <typename T>
  Result<T> number(const char* error) {
    if (rest_.size() < sizeof(T)) return Error(Errc::invalid, error);
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) value = static_cast<T>(value | static_cast<T>(rest_[i]) << (8 * i));
    rest_ = rest_.subspan(sizeof(T));
    return value;
  }
  template <std::size_t kSize>
  Result<std::array<std::uint8_t, kSize>> fixed(const char* error) {
    if (rest_.size() < kSize) return Error(Errc::invalid, error);
    std::array<std::uint8_t, kSize> value;
    std::memcpy(value.data(), rest_.data(), kSize);
    rest_ = rest_.subspan(kSize);
    return value;
  }
  Result<Bytes> bytes(std::size_t largest, const char* error) {
    const auto size = TRY(number<std::uint32_t>(error));
    if (size > rest_.size() || size > largest) return Error(Errc::invalid, error);
    const Bytes value = rest_.first(size);
    rest_ = rest_.subspan(size);
    return value;
  }
  // Without NUL.
  Result<std::string_view> text(std::size_t largest, const char* error) {
    const Bytes value = TRY(bytes(largest, error));
    if (!value.empty() && std::memchr(value.data(), 0, value.size()) != nullptr) return Error(Errc::invalid, error);
    return std::string_view(reinterpret_cast<const char*>(value.data()), value.size());
  }
  // Of elements that take at least `smallest` bytes each: no count makes a reader allocate for what cannot follow.
  Result<std::uint32_t> count(std::size_t smallest, std::uint32_t largest, const char* error) {
    const auto value = TRY(number<std::uint32_t>(error));
    if (value > rest_.size() / smallest || value > largest) return Error(Errc::invalid, error);
    return value;
  }
  Result<void> end(const char* error) const {
    if (!rest_.empty()) return Error(Errc::invalid, error);
    return {};
  }

 private:
  Bytes rest_;
};

// `Buffer` is a vector of bytes: SecretBytes for a message that carries secrets.
template <typename Buffer>
class FieldWriter {
 public:
  template <typename T>
  FieldWriter& number(T value) {
    for (std::size_t i = 0; i < sizeof value; ++i) buffer_.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
    return *this;
  }
  FieldWriter& fixed(Bytes value) {
    buffer_.insert(buffer_.end(), value.begin(), value.end());
    return *this;
  }
  FieldWriter& bytes(Bytes value) { return number(static_cast<std::uint32_t>(value.size())).fixed(value); }
  FieldWriter& text(std::string_view value) {
    return bytes({reinterpret_cast<const std::uint8_t*>(value.data()), value.size()});
  }
  Buffer take() { return std::move(buffer_); }

 private:
  Buffer buffer_;
};

}  // namespace cloister
