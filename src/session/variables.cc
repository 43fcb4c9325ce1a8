// SPDX-License-Identifier: Apache-2.0
#include "src/session/variables.h"

namespace cloister::session {
namespace {
bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }
}  // namespace

std::string fill_variables(std::string_view text, const Variable& value) {
  std::string filled;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] != '$' || (at > 0 && text[at - 1] == '$')) {
      filled += text[at++];
      continue;
    }
    const bool braces = at + 1 < text.size() && text[at + 1] == '{';
    const std::size_t begin = at + (braces ? 2 : 1);
    std::size_t end = begin;
    while (end < text.size() && is_word(text[end])) ++end;
    const bool whole = end > begin && (!braces || (end < text.size() && text[end] == '}'));
    const auto content = whole ? value(text.substr(begin, end - begin)) : std::nullopt;
    if (!content) {
      filled += text[at++];
      continue;
    }
    filled += *content;
    at = end + (braces ? 1 : 0);
  }
  return filled;
}
}  // namespace cloister::session
