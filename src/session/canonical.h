// SPDX-License-Identifier: Apache-2.0
// One sequence of bytes for one session, whatever its text looked like, and the hash that `predecessor` names. How it
// is made is an implementation detail: only the service that keeps a session computes it, and others get it from there.
// Pure.
#pragma once
#include <string>
#include "src/session/model.h"

namespace cloister::session {
// Everything of the session that has a meaning; of secrets that are stated, their values. Wiped when it goes.
SecretText canonical_encoding(const Session& session);
Hash session_hash(const Session& session);
}  // namespace cloister::session
