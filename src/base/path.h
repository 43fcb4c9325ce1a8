// SPDX-License-Identifier: Apache-2.0
// Relations between absolute paths without "." and "..".
#pragma once
#include <string_view>

namespace cloister {
// Whether `path` is `folder` or lies below it. The root is "/" or empty.
inline bool is_at_or_below(std::string_view path, std::string_view folder) {
  if (folder == "/") return true;
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}
}  // namespace cloister
