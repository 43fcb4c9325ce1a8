// SPDX-License-Identifier: Apache-2.0
// Paths with their symbolic links. Owner's side.
#pragma once
#include <map>
#include <string>

namespace cloister {
// Follows an absolute path component by component; each symbolic link on the way goes into *links (path -> target).
// Empty when it leads nowhere.
std::string real_path(const std::string& path, std::map<std::string, std::string>* links);
}  // namespace cloister
