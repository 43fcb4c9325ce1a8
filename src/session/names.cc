// SPDX-License-Identifier: Apache-2.0
#include "src/session/names.h"
#include <algorithm>
#include "src/session/model.h"
#include "src/session/template.h"

namespace cloister::session {
namespace {
constexpr std::size_t kLongest = 512;
}

std::string problem_of_name(std::string_view name, Version version) {
  if (name == "/") return {};
  if (name.empty()) return "is empty";
  if (name.size() > kLongest) return "is longer than 512 characters";
  std::string characters(name);
  // 0.1 separated with colons what namespaces are for.
  if (version == Version::v0_1) std::replace(characters.begin(), characters.end(), ':', '.');
  for (std::size_t at = 0; at <= characters.size();) {
    const std::size_t end = std::min(characters.find('/', at), characters.size());
    const std::string_view part = std::string_view(characters).substr(at, end - at);
    if (part.empty()) return "has an empty component";
    if (part == "." || part == "..") return "is not absolute";
    if (!is_name(part, kLongest)) return "may have letters, digits, _ - . ~, and / between namespaces";
    at = end + 1;
  }
  return {};
}

bool is_relative(std::string_view name) {
  return name == "." || name == ".." || name.starts_with("./") || name.starts_with("../");
}

std::optional<std::string> resolve_name(std::string_view own, std::string_view name) {
  if (!is_relative(name)) return std::string(name);
  std::string result(own);
  for (std::size_t at = 0; at <= name.size();) {
    const std::size_t end = std::min(name.find('/', at), name.size());
    const std::string_view part = name.substr(at, end - at);
    at = end + 1;
    if (part == ".") continue;
    if (part == "..") {
      const auto parent = parent_of(result);
      if (!parent) return std::nullopt;
      result = *parent;
    } else {
      if (result == "/") result.clear();
      if (!result.empty()) result += '/';
      result += part;
    }
  }
  return result;
}
}  // namespace cloister::session
