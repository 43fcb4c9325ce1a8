// SPDX-License-Identifier: Apache-2.0
#include "src/session/command_line.h"

namespace cloister::session {
namespace {
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
}  // namespace

std::optional<std::vector<CommandWord>> split_command(std::string_view command, std::size_t* open_quote) {
  std::vector<CommandWord> words;
  bool inside_word = false;
  char quote = 0;
  for (std::size_t at = 0; at < command.size(); ++at) {
    const char c = command[at];
    if (quote == 0 && is_blank(c)) {
      inside_word = false;
      continue;
    }
    if (!inside_word) words.push_back({"", at});
    inside_word = true;
    if (quote == 0 && (c == '\'' || c == '"')) {
      quote = c;
      *open_quote = at;
    } else if (quote != 0 && c == quote) {
      quote = 0;
    } else if (c == '\\' && quote != '\'') {
      if (at + 1 == command.size()) {
        if (quote == 0) *open_quote = at;
        return std::nullopt;
      }
      const char next = command[at + 1];
      // Inside of double quotes other backslashes are themselves.
      if (quote == '"' && next != '"' && next != '\\') {
        words.back().text += c;
        continue;
      }
      words.back().text += next;
      ++at;
    } else {
      words.back().text += c;
    }
  }
  if (quote != 0) return std::nullopt;
  return words;
}
}  // namespace cloister::session
