// SPDX-License-Identifier: Apache-2.0
#include "src/session/predecessor.h"
#include <algorithm>
#include "src/session/read_session.h"

namespace cloister::session {
namespace {
constexpr std::string_view kKey = "predecessor";

std::size_t offset_of(std::string_view text, const yaml::Place& place) {
  std::size_t line = 0;
  for (int i = 1; i < place.line; ++i) line = text.find('\n', line) + 1;
  return std::min(line + static_cast<std::size_t>(place.column - 1), text.size());
}

std::string spliced(std::string_view text, std::size_t at, std::size_t removed, const std::string& inserted) {
  return std::string(text.substr(0, at)).append(inserted).append(text.substr(at + removed));
}

// Behind the key at `at`, in place of what is written there for nothing.
std::optional<std::string> in_place_of_nothing(std::string_view text, std::size_t at, std::string_view hash) {
  const bool quoted = at < text.size() && (text[at] == '"' || text[at] == '\'');
  if (text.substr(at + (quoted ? 1 : 0), kKey.size()) != kKey) return std::nullopt;
  at = text.find(':', at + kKey.size());
  if (at == std::string_view::npos) return std::nullopt;
  const std::size_t value = std::min(text.find_first_not_of(" \t", ++at), text.size());
  const std::string_view rest = text.substr(value);
  const std::size_t size = rest.starts_with('~') ? 1 : rest.starts_with("null") || rest.starts_with("N") ? 4 : 0;
  return spliced(text, at, size == 0 ? 0 : value - at + size, std::string(" ").append(hash));
}

// A line `...` ends the document.
std::size_t end_of_document(std::string_view text, std::size_t from) {
  constexpr std::string_view kMarker = "\n...";
  for (std::size_t at = from; (at = text.find(kMarker, at)) != std::string_view::npos; ++at) {
    const std::size_t behind = at + kMarker.size();
    if (behind == text.size() || std::string_view(" \t\r\n").find(text[behind]) != std::string_view::npos)
      return at + 1;
  }
  return text.size();
}
}  // namespace

std::optional<std::string> with_predecessor(std::string_view text, std::string_view hash) {
  yaml::Problem problem;
  const auto document = yaml::parse(text, &problem, kAllowedTags);
  if (!document.ok() || document.value().kind != yaml::Value::Kind::mapping) return std::nullopt;
  const yaml::Value& session = document.value();
  if (const auto key = std::ranges::find(session.keys, kKey); key != session.keys.end()) {
    const auto number = static_cast<std::size_t>(key - session.keys.begin());
    if (session.items[number].kind != yaml::Value::Kind::null) return std::nullopt;
    return in_place_of_nothing(text, offset_of(text, session.key_places[number]), hash);
  }
  const std::string entry = std::string(kKey).append(": ").append(hash);
  const std::size_t begin = offset_of(text, session.place);
  if (begin < text.size() && text[begin] == '{') return spliced(text, begin + 1, 0, entry + ", ");
  const std::size_t end = end_of_document(text, begin);
  const std::string indentation(static_cast<std::size_t>(session.place.column - 1), ' ');
  std::string line(text.substr(0, end).ends_with('\n') ? "" : "\n");
  return spliced(text, end, 0, line.append(indentation).append(entry).append("\n"));
}

}  // namespace cloister::session
