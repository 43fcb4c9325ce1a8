// SPDX-License-Identifier: Apache-2.0
// `cloister session diff OLD NEW`: what changed between two sessions. Owner's tool.
#pragma once
namespace cloister {
int session_diff_verb(int argc, char** argv);
}  // namespace cloister
