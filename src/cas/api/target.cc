// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include "src/base/hex.h"
#include "src/cas/api/http.h"

namespace cloister::cas {
namespace {
constexpr char kMalformed[] = "the request's target is malformed";
}

Result<std::string> unescaped(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      plain += text[i];
      continue;
    }
    const auto byte = from_hex(text.substr(i + 1, 2));
    if (!byte.ok() || byte.value().size() != 1 || byte.value()[0] == 0) return Error(Errc::invalid, kMalformed);
    plain += static_cast<char>(byte.value()[0]);
    i += 2;
  }
  return plain;
}

Result<Target> parse_target(std::string_view text) {
  const auto plain = [](char c) { return c > ' ' && c < 127 && c != '"' && c != '<' && c != '>' && c != '#'; };
  if (text.size() > kTargetLimit || !text.starts_with('/') || !std::ranges::all_of(text, plain))
    return Error(Errc::invalid, kMalformed);
  const std::size_t mark = std::min(text.find('?'), text.size());
  Target target{.path = std::string(text.substr(0, mark)), .query = {}};
  std::string_view rest = text.substr(std::min(mark + 1, text.size()));
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('&'), rest.size());
    const std::string_view pair = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const std::string name = TRY(unescaped(pair.substr(0, equals)));
    const std::string value = TRY(unescaped(pair.substr(std::min(equals + 1, pair.size()))));
    if (!target.query.emplace(name, value).second) return Error(Errc::invalid, "a parameter occurs twice");
  }
  return target;
}

}  // namespace cloister::cas
