// SPDX-License-Identifier: Apache-2.0
// A session as CAS keeps it: the text that its creator sent, what it means, and the values of its secrets. Inside CAS's
// enclave; immutable, shared by threads.
//
// Records, canonical (numbers little-endian, `bytes` with a 32-bit size before them):
//   sessions/NAME                the current version
//   session-history/NAME#HASH    earlier ones, without values of secrets
//   content: version u8 = 1, hash 32, creator's key hash 32, creator's certificate hash 32, created u64, written u64
//            (both in milliseconds since 1970), text bytes, secrets bytes (secrets/material.h; empty in the history)
#pragma once
#include <memory>
#include "src/cas/secrets/material.h"
#include "src/cas/sessions/client_identity.h"
#include "src/cas/store/sealed_store.h"

namespace cloister::cas {

struct StoredSession {
  session::Hash hash{};
  CertificateIdentity creator;  // of the first version
  std::uint64_t created = 0;    // the first version
  std::uint64_t written = 0;    // this version
  SecretBytes text;             // YAML
  SecretBytes secrets;
};
SecretBytes encode(const StoredSession& stored);
Result<StoredSession> decode_stored_session(Bytes bytes);

std::string session_record(std::string_view name);
std::string history_record(std::string_view name, const session::Hash& hash);
inline constexpr char kSessionRecords[] = "sessions/";

struct LiveSession {
  session::Session session;  // kinds of imported secrets are filled in
  StoredSession stored;      // its `secrets` are in `materials`
  Materials materials;
  std::uint64_t version = kAbsent;  // of the record: for a Demand that it is still the current one

  const session::Hash& hash() const { return stored.hash; }
};
// Errc::mismatch for what is no session as it was stored.
Result<std::shared_ptr<const LiveSession>> read_live_session(const Record& record);

}  // namespace cloister::cas
