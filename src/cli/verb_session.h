// SPDX-License-Identifier: Apache-2.0
// `cloister session check | diff | explain | language`: sessions in YAML. Owner's tool.
#pragma once
namespace cloister {
// 0 good, 1 the session is not (diff: they differ), 2 usage or unusable input.
int session_verb(int argc, char** argv);
}  // namespace cloister
