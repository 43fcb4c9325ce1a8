// SPDX-License-Identifier: Apache-2.0
// `cloister session explain FILE`: who can get what. Owner's tool.
#pragma once
namespace cloister {
int session_explain_verb(int argc, char** argv);
}  // namespace cloister
