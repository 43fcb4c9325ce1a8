// SPDX-License-Identifier: Apache-2.0
// For tests: one session that uses nearly all of the newest language.
#pragma once
#include <fstream>
#include <iterator>
#include <string>

namespace cloister::session {
inline const std::string kEverything = [] {
  std::ifstream file(CLOISTER_SOURCE_DIR "/tests/session/everything.yaml");
  return std::string(std::istreambuf_iterator<char>(file), {});
}();
}  // namespace cloister::session
