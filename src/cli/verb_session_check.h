// SPDX-License-Identifier: Apache-2.0
// `cloister session check FILE...`: sessions against the session language. Owner's tool.
#pragma once
namespace cloister {
int session_check_verb(int argc, char** argv);
}  // namespace cloister
