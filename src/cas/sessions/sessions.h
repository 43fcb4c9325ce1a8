// SPDX-License-Identifier: Apache-2.0
// The sessions service: creates, updates, reads and lists sessions for clients, and hands the current ones to whoever
// releases secrets. Inside CAS's enclave; thread-safe.
//
// Who may what: a session's own access_policy says who reads and updates it. Creating `a/b` is decided by
// create_sessions of session `a`, which must exist. The root namespace is CAS's owner's: the owner alone may make
// session `/`, and may make sessions without a namespace, as may whoever `/` then allows. Besides, the owner alone may
// set the clock's bound back, and has no other right.
//
// What it does is in the audit log before it is answered, in the same commit. A session cannot be deleted; its earlier
// versions can be read by their hash.
#pragma once
#include <functional>
#include <map>
#include <mutex>
#include "src/cas/sessions/access.h"
#include "src/cas/sessions/outcome.h"
#include "src/cas/sessions/refusals.h"
#include "src/cas/store/committer.h"
#include "src/session/read_session.h"

namespace cloister::cas {

using Clock = std::function<std::uint64_t()>;  // milliseconds since 1970

struct Written {
  std::string name;
  session::Hash hash{};
  std::vector<yaml::Problem> warnings;
};
struct ReadSession {
  std::string name;
  session::Hash hash{};
  CertificateIdentity creator;
  std::uint64_t created = 0, written = 0;
  bool current = true;
  bool redacted = false;
  // As it was sent, never with a generated value. Redacted: without those that it states, for readers who neither
  // created it nor may change it.
  SecretBytes text;
};
struct ClockReset {
  std::uint64_t from = 0, to = 0;  // milliseconds since 1970
};
using PublicValues = std::map<std::string, SecretMaterial>;

class Sessions {
 public:
  Sessions(SealedStore& store, Committer& committer, const session::Hash& owner_key_hash, Clock clock);

  Outcome<Written> create(std::string_view text, const ClientIdentity& client);
  // The session's `predecessor` must be the hash of the current version.
  Outcome<Written> update(const std::string& name, std::string_view text, const ClientIdentity& client);
  // Of an earlier version if `hash` names one; who may read the current version may read all.
  Outcome<ReadSession> read(const std::string& name, const std::optional<session::Hash>& hash,
                            const ClientIdentity& client);
  // Names below `prefix` of what the client may read, or whose namespace it may list or create in.
  Outcome<std::vector<std::string>> list(const std::string& prefix, const ClientIdentity& client);
  // Of one secret, or of all that are public. Not in the audit log: it is for everybody.
  Outcome<PublicValues> public_values(const std::string& name, const std::optional<std::string>& secret);

  // Lets the clock's bound (time_bound.h) be what the clock says now, although it has said more. `owners_time` is the
  // owner's own clock, which must agree.
  Outcome<ClockReset> reset_clock(dcap::UnixTime owners_time, const ClientIdentity& client);

  // What is wrong with a text, and what is only odd; for anybody, and nothing is kept.
  static session::Report check(std::string_view text);

  // Null when there is none. For whoever releases secrets: nobody's rights are asked here.
  std::shared_ptr<const LiveSession> current(std::string_view name);
  bool is_owner(const ClientIdentity& client) const;

  // Writes down that something else than a session was asked for and refused.
  void note_refusal(const std::string& subject, const std::string& cause, const ClientIdentity& client);

 private:
  struct Draft;  // a session on its way into the store
  Outcome<Draft> draft_of(std::string_view text, const ClientIdentity& client);
  Outcome<Written> try_create(std::string_view text, const ClientIdentity& client);
  Outcome<Written> try_update(const std::string& name, std::string_view text, const ClientIdentity& client);
  bool may_create(const std::string& name, const ClientIdentity& client, std::vector<Demand>& demands);
  bool is_namespace_as_named(Draft& draft);
  bool may_list(const std::string& name, const ClientIdentity& client);
  Result<void> make_secrets(Draft& draft, const LiveSession* previous, const ClientIdentity& client,
                            yaml::Problem* problem);
  Outcome<Written> write(Draft draft, Mutation mutation, const ClientIdentity& client);
  audit::Entry entry(audit::Kind kind, const std::string& subject, const ClientIdentity& client) const;
  Failure refused(const std::string& subject, const ClientIdentity& client, Failure failure);

  SealedStore& store_;
  Committer& committer_;
  const session::Hash owner_;
  const Clock clock_;
  RefusalBudget budget_;
  std::mutex mutex_;  // of what follows
  std::map<std::string, std::shared_ptr<const LiveSession>, std::less<>> live_;
};

}  // namespace cloister::cas
