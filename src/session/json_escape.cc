// SPDX-License-Identifier: Apache-2.0
#include "src/session/json_escape.h"
#include <cstdint>

namespace cloister::session {
namespace {
// Bytes of the UTF-8 sequence at the front of `text`, 0 if there is none: overlong forms, surrogates and numbers above
// 0x10FFFF are none.
std::size_t sequence_size(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i)
    if (byte(i) < 0x80 || byte(i) > 0xBF) return 0;
  if ((first == 0xE0 && byte(1) < 0xA0) || (first == 0xED && byte(1) > 0x9F)) return 0;
  if ((first == 0xF0 && byte(1) < 0x90) || (first == 0xF4 && byte(1) > 0x8F)) return 0;
  return size;
}
}  // namespace

std::optional<SecretText> escape_json(std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  out.reserve(text.size() * 6);  // the most that it can become, so that no copy stays behind in freed memory
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = sequence_size(text.substr(at));
    if (size == 0) {
      SecretText::wipe(out);
      return std::nullopt;
    }
    const auto c = static_cast<std::uint8_t>(text[at]);
    if (c == '"' || c == '\\')
      out.append("\\").push_back(static_cast<char>(c));
    else if (c == '\n')
      out += "\\n";
    else if (c < 0x20)
      out.append("\\u00").append({kHex[c >> 4], kHex[c & 15]});
    else
      out.append(text.substr(at, size));
    at += size;
  }
  return SecretText(std::move(out));
}
}  // namespace cloister::session
