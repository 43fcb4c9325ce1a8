// SPDX-License-Identifier: Apache-2.0
#pragma once
namespace cloister {
// `cloister run …`: becomes the program; returns only on failure (2 usage, 125 cannot start, 126 cannot be run, 127 not
// found).
int run_verb(int argc, char** argv);
}  // namespace cloister
