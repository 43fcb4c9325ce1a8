// SPDX-License-Identifier: Apache-2.0
#include "src/session/pem.h"

namespace cloister::session {
namespace {
constexpr std::string_view kBegin = "-----BEGIN ", kEnd = "-----END ", kDashes = "-----";
constexpr std::string_view kBlanks = " \t\r\n";

int value_of(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

std::optional<std::vector<std::uint8_t>> decode(std::string_view text) {
  std::vector<std::uint8_t> bytes;
  std::uint32_t bits = 0;
  int count = 0, padding = 0;
  for (const char c : text) {
    if (kBlanks.find(c) != std::string_view::npos) continue;
    if (c == '=') {
      if (++padding > 2) return std::nullopt;
      continue;
    }
    if (value_of(c) < 0 || padding > 0) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(value_of(c));
    if (++count % 4 != 0) continue;
    for (const int shift : {16, 8, 0}) bytes.push_back(static_cast<std::uint8_t>(bits >> shift));
    bits = 0;
  }
  if ((count + padding) % 4 != 0 || count % 4 == 1) return std::nullopt;
  if (count % 4 >= 2) bytes.push_back(static_cast<std::uint8_t>(bits >> (count % 4 == 2 ? 4 : 10)));
  if (count % 4 == 3) bytes.push_back(static_cast<std::uint8_t>(bits >> 2));
  return bytes;
}
}  // namespace

std::optional<std::vector<PemBlock>> parse_pem(std::string_view text) {
  std::vector<PemBlock> blocks;
  for (;;) {
    const std::size_t begin = text.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos) return blocks;
    text.remove_prefix(begin);
    if (!text.starts_with(kBegin)) return std::nullopt;
    text.remove_prefix(kBegin.size());
    const std::size_t dashes = text.find(kDashes);
    if (dashes == std::string_view::npos) return std::nullopt;
    const std::string label(text.substr(0, dashes));
    text.remove_prefix(dashes + kDashes.size());
    const std::string last = std::string(kEnd) + label + std::string(kDashes);
    const std::size_t end = text.find(last);
    if (end == std::string_view::npos) return std::nullopt;
    auto bytes = decode(text.substr(0, end));
    if (!bytes || bytes->empty()) return std::nullopt;
    blocks.push_back({label, std::move(*bytes)});
    text.remove_prefix(end + last.size());
  }
}
}  // namespace cloister::session
