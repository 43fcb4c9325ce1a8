// SPDX-License-Identifier: Apache-2.0
#include "src/session/template.h"
#include <algorithm>
#include <charconv>

namespace cloister::session {
namespace {
constexpr std::string_view kOpen = "$$SCONE::", kClose = "$$", kHost = "@@", kEscape = "escape(json)";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name_character(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-' || c == '.' ||
         c == '~';
}

// `text` begins with kOpen.
std::optional<Piece> read_placeholder(std::string_view text, TemplateProblem* problem) {
  const std::size_t end = text.find(kClose, kOpen.size());
  const std::string_view inside =
      end == std::string_view::npos ? std::string_view{} : text.substr(kOpen.size(), end - kOpen.size());
  if (end == std::string_view::npos || inside.find_first_of(" \t\r\n") != std::string_view::npos) {
    *problem = {0, "a placeholder without its end", "write $$SCONE::name$$"};
    return std::nullopt;
  }
  Piece piece;
  piece.kind = Piece::Kind::secret;
  piece.text = std::string(text.substr(0, end + kClose.size()));
  const std::size_t bar = std::min(inside.find('|'), inside.size());
  if (bar < inside.size()) {
    if (inside.substr(bar + 1) != kEscape) {
      *problem = {0, std::string("unknown filter ").append(inside.substr(bar + 1, 40)), "known is escape(json)"};
      return std::nullopt;
    }
    piece.escape_json = true;
  }
  const std::string_view reference = inside.substr(0, bar);
  const std::size_t colon = std::min(reference.find(':'), reference.size());
  piece.name = std::string(reference.substr(0, colon));
  if (colon < reference.size()) {
    piece.format = std::string(reference.substr(colon + 1));
    if (piece.format.empty()) piece.format.assign(1, ':');  // a colon with nothing behind it is no format of any kind
  }
  if (!is_name(piece.name)) {
    *problem = {0, "a placeholder that names no secret", "write $$SCONE::name$$ or $$SCONE::name:format$$"};
    return std::nullopt;
  }
  return piece;
}

// `text` begins with kHost and a digit.
std::optional<Piece> read_host_argument(std::string_view text, TemplateProblem* problem) {
  std::size_t end = kHost.size();
  while (end < text.size() && is_digit(text[end])) ++end;
  Piece piece;
  piece.kind = Piece::Kind::host_argument;
  piece.text = std::string(text.substr(0, end));
  const auto parsed = std::from_chars(text.data() + kHost.size(), text.data() + end, piece.number);
  if (parsed.ec != std::errc{} || piece.number == 0 || piece.number > 4096) {
    *problem = {0, piece.text.substr(0, 40) + " is no argument of the host", "they are counted from 1 to 4096"};
    return std::nullopt;
  }
  return piece;
}

void add_literal(std::vector<Piece>* pieces, std::string_view text, std::size_t offset) {
  if (text.empty()) return;
  Piece piece;
  piece.text = std::string(text);
  piece.offset = offset;
  pieces->push_back(std::move(piece));
}
}  // namespace

std::optional<std::vector<Piece>> parse_template(std::string_view text, HostArguments host_arguments,
                                                 TemplateProblem* problem) {
  std::vector<Piece> pieces;
  std::size_t begin = 0, at = 0;
  while (at < text.size()) {
    const std::string_view rest = text.substr(at);
    const bool secret = rest.starts_with(kOpen);
    const bool host = host_arguments == HostArguments::allowed && rest.starts_with(kHost) &&
                      rest.size() > kHost.size() && is_digit(rest[kHost.size()]);
    if (!secret && !host) {
      ++at;
      continue;
    }
    auto piece = secret ? read_placeholder(rest, problem) : read_host_argument(rest, problem);
    if (!piece) {
      problem->offset = at;
      return std::nullopt;
    }
    add_literal(&pieces, text.substr(begin, at - begin), begin);
    piece->offset = at;
    begin = at += piece->text.size();
    pieces.push_back(std::move(*piece));
  }
  add_literal(&pieces, text.substr(begin), begin);
  return pieces;
}

bool has_placeholder(std::string_view text) { return text.find(kOpen) != std::string_view::npos; }

bool is_placeholder(std::string_view text) {
  return text.starts_with(kOpen) && text.size() > kOpen.size() + kClose.size() &&
         text.find(kClose, kOpen.size()) == text.size() - kClose.size();
}

bool is_name(std::string_view text, std::size_t limit) {
  return !text.empty() && text.size() <= limit && std::all_of(text.begin(), text.end(), is_name_character);
}
}  // namespace cloister::session
