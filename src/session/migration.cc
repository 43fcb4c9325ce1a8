// SPDX-License-Identifier: Apache-2.0
#include "src/session/migration.h"

namespace cloister::session {
namespace {
bool is_generated(const Secret& secret) {
  return !secret.value && !secret.fragment && !secret.import && !secret.vault && secret.kind != Kind::public_key &&
         secret.kind != Kind::unknown;
}

Migration fate_of(const Secret& secret, const Secret* old) {
  if (!is_generated(secret)) return {secret.name, Fate::derived, "stated, imported or made from other secrets"};
  if (secret.kind == Kind::x509 || secret.kind == Kind::x509_ca || secret.kind == Kind::session_ca)
    return {secret.name, Fate::generated, "certificates are always made anew"};
  if (old == nullptr) return {secret.name, Fate::generated, "new"};
  if (old->kind != secret.kind) return {secret.name, Fate::generated, "of another kind than before"};
  if (!is_generated(*old)) return {secret.name, Fate::generated, "was not generated before"};
  switch (secret.kind) {
    case Kind::ascii:
    case Kind::binary:
      if (old->size != secret.size) return {secret.name, Fate::generated, "of another size than before"};
      return {secret.name, Fate::kept, "same name, kind and size"};
    case Kind::pgp_key: return {secret.name, Fate::kept, "same name and kind"};
    case Kind::private_key:
      if (!old->migrate || !secret.migrate)
        return {secret.name, Fate::generated, "migrate is not true in both sessions"};
      if (old->key_type != secret.key_type) return {secret.name, Fate::generated, "of another key type than before"};
      return {secret.name, Fate::kept, "migrate is true in both sessions"};
    default: return {secret.name, Fate::generated, "made anew each time"};
  }
}
}  // namespace

bool is_kept(const Secret& before, const Secret& now) { return fate_of(now, &before).fate == Fate::kept; }

std::vector<Migration> migrate_secrets(const Session& old_session, const Session& new_session) {
  std::vector<Migration> fates;
  for (const Secret& secret : new_session.secrets) fates.push_back(fate_of(secret, old_session.secret(secret.name)));
  for (const Secret& secret : old_session.secrets)
    if (new_session.secret(secret.name) == nullptr)
      fates.push_back({secret.name, Fate::dropped, "not in the new session"});
  return fates;
}
}  // namespace cloister::session
