// SPDX-License-Identifier: Apache-2.0
#include "src/cas/sessions/version_hash.h"
#include "src/base/hex.h"
#include "src/session/canonical.h"

namespace cloister::cas {

session::Hash version_hash(session::Session session, const session::Hash& creator_key_hash) {
  session.creator = session::Creator{.certificate = to_hex(creator_key_hash), .signer = {}};
  return session_hash(session);
}

}  // namespace cloister::cas
