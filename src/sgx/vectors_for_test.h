// SPDX-License-Identifier: Apache-2.0
// Where the tests find the public vectors that are kept beside the source tree and not in it. Tests only.
#pragma once
#include <gtest/gtest.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace cloister::sgx {

inline std::filesystem::path vectors_directory() {
  return std::filesystem::path(CLOISTER_SOURCE_DIR) / ".." / "shared" / "vectors";
}

inline std::vector<std::uint8_t> read_bytes(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace cloister::sgx

// Skips the calling test, and says so, when `path` (below the vectors' directory) is not there.
#define CLOISTER_NEED_VECTORS(path)                                                             \
  if (!std::filesystem::exists(::cloister::sgx::vectors_directory() / (path))) {                \
    GTEST_SKIP() << "NOT RUN: no vectors at " << ::cloister::sgx::vectors_directory() / (path); \
  }
