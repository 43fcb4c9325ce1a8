// SPDX-License-Identifier: Apache-2.0
// The one form in which verbs say that something is wrong.
#pragma once
#include <cstdio>
#include <string>

namespace cloister {
// "cloister: …" on standard error; gives back the exit status.
inline int complain(const std::string& problem, int status) {
  std::fprintf(stderr, "cloister: %s\n", problem.c_str());
  return status;
}
}  // namespace cloister
