// SPDX-License-Identifier: Apache-2.0
#include "src/dcap/pem.h"
#include <array>
#include <string>

namespace cloister::dcap {
namespace {

constexpr std::size_t kLineLength = 64;
constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::int8_t kNoDigit = -1;
constexpr auto kDigits = [] {
  std::array<std::int8_t, 256> digits{};
  for (auto& digit : digits) digit = kNoDigit;
  for (std::int8_t i = 0; i < 64; ++i) digits[static_cast<std::uint8_t>(kAlphabet[i])] = i;
  return digits;
}();

Error not_pem() { return Error(Errc::invalid, "not PEM as certificates are written"); }

bool consume(std::string_view& text, std::string_view expected) {
  if (!text.starts_with(expected)) return false;
  text.remove_prefix(expected.size());
  return true;
}
bool consume_line_end(std::string_view& text) { return consume(text, "\n") || consume(text, "\r\n"); }

// A group of four characters; padding is allowed in the last group of all, and its unused bits are zero.
Result<bool> decode_group(std::string_view group, OwnedBytes& out) {
  std::uint32_t bits = 0;
  int digits = 0;
  for (char c : group) {
    const std::int8_t digit = kDigits[static_cast<std::uint8_t>(c)];
    if (digit == kNoDigit) break;
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    ++digits;
  }
  for (char c : group.substr(static_cast<std::size_t>(digits)))
    if (c != '=') return not_pem();
  if (digits < 2) return not_pem();
  const int spare = digits == 2 ? 4 : digits == 3 ? 2 : 0;
  if (bits & ((1u << spare) - 1)) return not_pem();
  bits >>= spare;
  for (int left = digits - 2; left >= 0; --left) out.push_back(static_cast<std::uint8_t>(bits >> (8 * left)));
  return digits < 4;
}

Result<void> decode_lines(std::string_view& text, OwnedBytes& out) {
  const std::size_t width = text.find_first_of("\r\n");
  for (bool last = false; !text.starts_with('-');) {
    const std::size_t length = text.find_first_of("\r\n");
    if (last || length == std::string_view::npos || length == 0 || length > width || length % 4 != 0) return not_pem();
    last = length < width;
    for (std::size_t i = 0; i < length; i += 4) {
      const bool padded = TRY(decode_group(text.substr(i, 4), out));
      if (padded && i + 4 != length) return not_pem();
      last = last || padded;
    }
    text.remove_prefix(length);
    if (!consume_line_end(text)) return not_pem();
  }
  return {};
}

bool consume_boundary(std::string_view& text, std::string_view kind, std::string_view label) {
  return consume(text, "-----") && consume(text, kind) && consume(text, " ") && consume(text, label) &&
         consume(text, "-----");
}

}  // namespace

Result<std::vector<OwnedBytes>> parse_pem(std::string_view text, std::string_view label, std::size_t count_limit) {
  while (text.ends_with('\0')) text.remove_suffix(1);
  std::vector<OwnedBytes> blocks;
  while (!text.empty()) {
    if (blocks.size() == count_limit) return Error(Errc::invalid, "more PEM blocks than expected");
    OwnedBytes block;
    if (!consume_boundary(text, "BEGIN", label) || !consume_line_end(text)) return not_pem();
    TRY(decode_lines(text, block));
    if (!consume_boundary(text, "END", label)) return not_pem();
    if (!consume_line_end(text) && !text.empty()) return not_pem();
    while (consume_line_end(text)) {
    }
    blocks.push_back(std::move(block));
  }
  if (blocks.empty()) return not_pem();
  return blocks;
}

bool looks_like_pem(Bytes bytes) {
  return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()).starts_with("-----BEGIN ");
}

std::string to_pem(Bytes der, std::string_view label) {
  std::string text = "-----BEGIN " + std::string(label) + "-----\n";
  std::size_t column = 0;
  for (std::size_t i = 0; i < der.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, der.size() - i);
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 3; ++k) bits = bits << 8 | (k < count ? der[i + k] : 0);
    for (std::size_t k = 0; k < 4; ++k) text += k <= count ? kAlphabet[bits >> (18 - 6 * k) & 63] : '=';
    if ((column += 4) == kLineLength || i + 3 >= der.size()) text += '\n', column = 0;
  }
  return text + "-----END " + std::string(label) + "-----\n";
}

}  // namespace cloister::dcap
