// SPDX-License-Identifier: Apache-2.0
#pragma once
namespace cloister {
// `cloister measure …`: prints MRENCLAVE and the plans of what would run. 0, or as run_verb.
int measure_verb(int argc, char** argv);
}  // namespace cloister
