// SPDX-License-Identifier: Apache-2.0
// A session in words: who can get what, and what is left open. Pure; owner's side.
#pragma once
#include <string>
#include <vector>
#include "src/session/model.h"

namespace cloister::session {
struct Finding {
  std::string part;  // "service web", "secret ca"
  std::string text;  // one or two sentences
};
std::vector<Finding> explain_rights(const Session& session);
// What weakens the session, or rests on trust in others than the enclaves that it names.
std::vector<Finding> explain_openings(const Session& session);
}  // namespace cloister::session
