// SPDX-License-Identifier: Apache-2.0
// What changed from one session to its successor, in words. Values of secrets are not shown. Pure; owner's side.
#pragma once
#include <string>
#include <vector>
#include "src/session/model.h"

namespace cloister::session {
struct Difference {
  std::string part;   // "service web", "secret password", "access policy"
  std::string field;  // "command"; empty when the whole part came or went
  std::string before, after;
};
// Empty when both mean the same; `predecessor` and `creator` belong to the history and are not compared.
std::vector<Difference> differences(const Session& old_session, const Session& new_session);
std::string words_of(const Difference& difference);
}  // namespace cloister::session
