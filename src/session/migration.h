// SPDX-License-Identifier: Apache-2.0
// What becomes of each secret when a session is replaced by its successor. Pure; CAS.
//
//   kind                       kept when
//   ascii, binary, pgp-key     generated in both, of the same name and kind, and of the same size
//   private-key                generated in both, same key type, and `migrate: true` in both
//   aad-token, jwt, x509, …    never: made anew
// What is stated, imported or derived is not kept but read, fetched or derived again.
#pragma once
#include <string>
#include <vector>
#include "src/session/model.h"

namespace cloister::session {
enum class Fate {
  kept,       // the generated value stays
  generated,  // a value is made: new, or in place of the old one
  derived,    // stated, imported, or follows from other secrets
  dropped,    // not in the successor
};
struct Migration {
  std::string name;
  Fate fate;
  const char* why;
};
// The successor's secrets in its order, then those that are dropped.
std::vector<Migration> migrate_secrets(const Session& old_session, const Session& new_session);
// Of two secrets with one name.
bool is_kept(const Secret& before, const Secret& now);
}  // namespace cloister::session
