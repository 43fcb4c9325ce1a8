// SPDX-License-Identifier: Apache-2.0
#include "src/cas/sessions/sessions.h"
#include <errno.h>
#include <algorithm>
#include "src/base/hex.h"
#include "src/cas/configuration.h"
#include "src/cas/secret_sharing.h"
#include "src/cas/session_secrets.h"
#include "src/cas/sessions/version_hash.h"
#include "src/session/redact.h"

namespace cloister::cas {
namespace {

using Kind = Failure::Kind;
constexpr std::size_t kLiveLimit = 4096;  // sessions that are kept read
constexpr int kAttempts = 4;              // when what a decision rests on has changed meanwhile

Failure invalid(const yaml::Problem& problem) {
  return {.kind = Kind::invalid, .what = problem.what, .hint = problem.hint, .place = problem.place};
}

Failure no_session(const std::string& name) {
  return {.kind = Kind::not_found,
          .what = "there is no session " + name + " that you may do this with",
          .hint = "it is missing, or its access_policy does not name your key"};
}

Failure no_certificate() {
  return {.kind = Kind::no_certificate,
          .what = "this needs a client certificate",
          .hint = "any key of yours, self-signed; `cloister cas owner` makes one"};
}

// Of a commit: not for the client's eyes, but for what concerns it.
Failure not_written(const Error& error) {
  if (error.code() == Errc::invalid)
    return {.kind = Kind::invalid, .what = "the session is too large", .hint = "CAS keeps 16 MiB for each"};
  const bool full = error.is_errno() && error.errno_value() == ENOSPC;
  return {.kind = Kind::later,
          .what = full ? "CAS's disk is full" : "CAS cannot write at the moment",
          .hint = "nothing was changed; try again later"};
}

bool is_stale(const Error& error) { return error.is_errno() && error.errno_value() == ESTALE; }

void report_unserved(const session::Session& session, session::Report& report) {
  for (const session::FeatureUse& use : unserved_features(session))
    report.problems.push_back({.place = use.place,
                               .what = full_name(*use.feature) + " is not served yet",
                               .hint = "remove it; `cloister session check` lists what is served"});
}

// Whoever can take a name may then import what was exported to the name alone.
void report_open_exports(const session::Session& session, session::Report& report) {
  for (const session::Secret& secret : session.secrets)
    for (const session::Peer& peer : secret.exports)
      if (!peer.hash)
        report.warnings.push_back(
            {.place = peer.place,
             .what = "secret " + secret.name + " is exported to whoever owns the name " + peer.name,
             .hint = "name a state of it with session_hash"});
}

std::optional<session::Session> read_served(std::string_view text, session::Report& report) {
  auto session = session::read_session(text, &report);
  if (!session) return std::nullopt;
  report_unserved(*session, report);
  report_open_exports(*session, report);
  if (!report.problems.empty()) return std::nullopt;
  return session;
}

}  // namespace

struct Sessions::Draft {
  session::Session session;
  StoredSession stored;
  std::vector<yaml::Problem> warnings;
  std::vector<Demand> demands;
};

Sessions::Sessions(SealedStore& store, Committer& committer, const session::Hash& owner_key_hash, Clock clock)
    : store_(store), committer_(committer), owner_(owner_key_hash), clock_(std::move(clock)) {}

bool Sessions::is_owner(const ClientIdentity& client) const { return client && client->key_hash == owner_; }

session::Report Sessions::check(std::string_view text) {
  session::Report report;
  read_served(text, report);
  return report;
}

std::shared_ptr<const LiveSession> Sessions::current(std::string_view name) {
  const std::string record = session_record(name);
  {
    const std::scoped_lock lock(mutex_);
    const auto found = live_.find(name);
    if (found != live_.end() && found->second->version == store_.version(record)) return found->second;
  }
  const auto content = store_.get(record);
  if (!content.ok() || !content.value()) return nullptr;
  auto live = read_live_session(*content.value());
  if (!live.ok()) return nullptr;
  const std::scoped_lock lock(mutex_);
  if (live_.size() >= kLiveLimit) live_.clear();
  return live_[std::string(name)] = std::move(live).take();
}

audit::Entry Sessions::entry(audit::Kind kind, const std::string& subject, const ClientIdentity& client) const {
  audit::Entry entry;
  entry.kind = kind;
  entry.time = clock_();
  entry.actor.kind = client ? audit::Actor::Kind::certificate : audit::Actor::Kind::unknown;
  if (client) entry.actor.identity = client->key_hash;
  entry.subject = subject.substr(0, audit::kSubjectLimit);
  return entry;
}

void Sessions::note_refusal(const std::string& subject, const std::string& cause, const ClientIdentity& client) {
  const auto unwritten = budget_.take(clock_());
  if (!unwritten) return;
  Mutation mutation;
  mutation.entries.push_back(entry(audit::Kind::request_refused, subject, client));
  std::string& text = mutation.entries.back().text;
  text = cause.substr(0, audit::kTextLimit);
  append_unwritten(text, *unwritten);
  // The refusal holds whether or not it could be written.
  (void)committer_.commit(std::move(mutation)).ok();
}

Failure Sessions::refused(const std::string& subject, const ClientIdentity& client, Failure failure) {
  note_refusal(subject, failure.what, client);
  return failure;
}

bool Sessions::may_create(const std::string& name, const ClientIdentity& client, std::vector<Demand>& demands) {
  const auto parent = session::parent_of(name);
  if (!parent) return is_owner(client);
  if (*parent == "/" && is_owner(client)) return true;
  const auto space = current(*parent);
  if (!space || !may(Operation::create_sessions, *space, client)) return false;
  demands.push_back({.name = session_record(*parent), .version = space->version});
  return true;
}

bool Sessions::is_namespace_as_named(Draft& draft) {
  const auto parent = session::parent_of(draft.session.name);
  const auto space = parent ? current(*parent) : nullptr;
  if (!space || space->hash() != *draft.session.namespace_hash) return false;
  draft.demands.push_back({.name = session_record(*parent), .version = space->version});
  return true;
}

bool Sessions::may_list(const std::string& name, const ClientIdentity& client) {
  const auto space = session::parent_of(name);
  if (!space || (*space == "/" && is_owner(client))) return is_owner(client);
  const auto live = current(*space);
  return live && (may(Operation::list_sessions, *live, client) || may(Operation::create_sessions, *live, client));
}

Outcome<Sessions::Draft> Sessions::draft_of(std::string_view text, const ClientIdentity& client) {
  if (!client) return no_certificate();
  session::Report report;
  auto session = read_served(text, report);
  if (!session) return invalid(report.problems.front());
  Draft draft{.session = std::move(*session), .stored = {}, .warnings = std::move(report.warnings), .demands = {}};
  draft.stored.text = secret_from(text);
  draft.stored.created = draft.stored.written = clock_();
  draft.stored.creator = *client;
  return draft;
}

Result<void> Sessions::make_secrets(Draft& draft, const LiveSession* previous, const ClientIdentity& client,
                                    yaml::Problem* problem) {
  std::optional<PreviousVersion> before;
  if (previous) before.emplace(PreviousVersion{.session = previous->session, .materials = previous->materials});
  const Importer importer{.name = draft.session.name, .hash = draft.stored.hash};
  const ImportLookup import = [&](const session::Secret& secret) -> Result<SecretMaterial> {
    const session::Import& wanted = *secret.import;
    // Who may not read the exporting session does not learn whether there is one.
    const Error nothing(Errc::invalid, "that session exports no such secret to this one");
    const auto exporter = current(wanted.from.name);
    if (!exporter) return nothing;
    auto shared = shared_secret(
        {.session = exporter->session, .hash = exporter->hash(), .materials = exporter->materials}, wanted, importer);
    if (!shared.ok()) return may(Operation::read, *exporter, client) ? shared.error() : nothing;
    const Demand demand{.name = session_record(wanted.from.name), .version = exporter->version};
    if (std::ranges::find(draft.demands, demand.name, &Demand::name) == draft.demands.end())
      draft.demands.push_back(demand);
    return shared;
  };
  const SessionSecretsInput input{.previous = before ? &*before : nullptr,
                                  .import = import,
                                  .now = static_cast<dcap::UnixTime>(draft.stored.written / 1000)};
  const Materials materials = TRY(make_session_secrets(draft.session, input, problem));
  TRY(check_configurations(draft.session, materials, problem));
  draft.stored.secrets = encode(materials);
  if (previous)
    for (yaml::Problem& warning : renewed_exports(previous->session, previous->materials, draft.session, materials))
      draft.warnings.push_back(std::move(warning));
  return {};
}

Outcome<Written> Sessions::write(Draft draft, Mutation mutation, const ClientIdentity& client) {
  const std::string& name = draft.session.name;
  mutation.demands.insert(mutation.demands.end(), draft.demands.begin(), draft.demands.end());
  mutation.changes.push_back({.name = session_record(name), .content = encode(draft.stored)});
  mutation.entries.front().subject_hash = draft.stored.hash;
  const auto committed = committer_.commit(std::move(mutation));
  if (!committed.ok() && is_stale(committed.error()))
    return Failure{.kind = Kind::overtaken, .what = "the session was changed at the same time", .hint = "try again"};
  if (!committed.ok()) return refused(name, client, not_written(committed.error()));
  return Written{.name = name, .hash = draft.stored.hash, .warnings = std::move(draft.warnings)};
}

namespace {
// A decision that rested on what changed before the commit is made again.
template <typename Attempt>
Outcome<Written> until_settled(const Attempt& attempt) {
  for (int i = 1;; ++i) {
    Outcome<Written> outcome = attempt();
    const bool overtaken = !outcome.ok() && outcome.failure().kind == Kind::overtaken;
    if (!overtaken || i == kAttempts) return outcome;
  }
}

// Whoever sends a session with its creator in it means himself, or whoever made the first version.
bool names_creator(const session::Session& session, const CertificateIdentity& creator) {
  if (!session.creator) return true;
  const auto hash = key_hash_of_certificate(session.creator->certificate);
  return hash.ok() && hash.value() == creator.key_hash;
}

Failure other_creator() {
  return {.kind = Kind::invalid,
          .what = "`creator` names another certificate than the creator's",
          .hint = "leave it out: CAS knows who creates a session"};
}
}  // namespace

Outcome<Written> Sessions::create(std::string_view text, const ClientIdentity& client) {
  return until_settled([&] { return try_create(text, client); });
}

Outcome<Written> Sessions::try_create(std::string_view text, const ClientIdentity& client) {
  auto drafted = draft_of(text, client);
  if (!drafted.ok()) return drafted.failure();
  Draft& draft = drafted.value();
  const std::string& name = draft.session.name;
  if (!may_create(name, client, draft.demands))
    return refused(name, client,
                   {.kind = Kind::not_allowed,
                    .what = "you may not create " + name,
                    .hint = "create_sessions of its namespace's session decides; of the root namespace, CAS's owner"});
  if (store_.version(session_record(name)) != kAbsent)
    return Failure{
        .kind = Kind::conflict, .what = "there is a session " + name, .hint = "use `cloister session update`"};
  if (draft.session.namespace_hash && !is_namespace_as_named(draft))
    return Failure{.kind = Kind::conflict,
                   .what = "`namespace_hash` is not the current version of the namespace of " + name,
                   .hint = "read the namespace's session again"};
  if (draft.session.predecessor)
    return Failure{.kind = Kind::conflict,
                   .what = "there is no session " + name + " yet that `predecessor` could name",
                   .hint = "a new session has none"};
  if (!names_creator(draft.session, *client)) return other_creator();
  draft.stored.hash = version_hash(draft.session, draft.stored.creator.key_hash);
  yaml::Problem problem;
  if (!make_secrets(draft, nullptr, client, &problem).ok()) return invalid(problem);
  Mutation mutation;
  mutation.demands.push_back({.name = session_record(name), .version = kAbsent});
  mutation.entries.push_back(entry(audit::Kind::session_created, name, client));
  return write(std::move(draft), std::move(mutation), client);
}

Outcome<Written> Sessions::update(const std::string& name, std::string_view text, const ClientIdentity& client) {
  return until_settled([&] { return try_update(name, text, client); });
}

Outcome<Written> Sessions::try_update(const std::string& name, std::string_view text, const ClientIdentity& client) {
  auto drafted = draft_of(text, client);
  if (!drafted.ok()) return drafted.failure();
  Draft& draft = drafted.value();
  if (draft.session.name != name)
    return Failure{.kind = Kind::invalid, .what = "the session's name is not " + name, .hint = "names do not change"};
  const auto before = current(name);
  if (!before || !may(Operation::update, *before, client)) return refused(name, client, no_session(name));
  if (!draft.session.predecessor || *draft.session.predecessor != before->hash())
    return refused(name, client,
                   {.kind = Kind::conflict,
                    .what = draft.session.predecessor ? "`predecessor` is not the current version of " + name
                                                      : "the session does not say which version it replaces",
                    .hint = "read it again; `cloister session update` fills `predecessor` in"});
  if (!names_creator(draft.session, before->stored.creator)) return other_creator();
  draft.stored.creator = before->stored.creator;
  draft.stored.created = before->stored.created;
  draft.stored.hash = version_hash(draft.session, draft.stored.creator.key_hash);
  yaml::Problem problem;
  if (!make_secrets(draft, before.get(), client, &problem).ok()) return invalid(problem);
  StoredSession old = before->stored;
  Mutation mutation;
  mutation.demands.push_back({.name = session_record(name), .version = before->version});
  mutation.changes.push_back({.name = history_record(name, old.hash), .content = encode(old)});
  mutation.entries.push_back(entry(audit::Kind::session_updated, name, client));
  mutation.entries.back().text = "replaces " + to_hex(old.hash);
  return write(std::move(draft), std::move(mutation), client);
}

Outcome<ReadSession> Sessions::read(const std::string& name, const std::optional<session::Hash>& hash,
                                    const ClientIdentity& client) {
  const auto live = current(name);
  if (!live || !may(Operation::read, *live, client)) return refused(name, client, no_session(name));
  ReadSession answer;
  answer.name = name;
  answer.current = !hash || *hash == live->hash();
  StoredSession stored = live->stored;
  if (!answer.current) {
    const auto record = store_.get(history_record(name, *hash));
    if (!record.ok()) return not_written(record.error());
    if (!record.value())
      return Failure{.kind = Kind::not_found,
                     .what = name + " has no version with this hash",
                     .hint = "`predecessor` of a version names the one before it"};
    auto decoded = decode_stored_session(record.value()->content);
    if (!decoded.ok()) return not_written(decoded.error());
    stored = std::move(decoded).take();
  }
  Mutation mutation;
  mutation.entries.push_back(entry(audit::Kind::session_read, name, client));
  mutation.entries.back().subject_hash = stored.hash;
  if (const auto committed = committer_.commit(std::move(mutation)); !committed.ok())
    return not_written(committed.error());
  answer.hash = stored.hash;
  answer.creator = stored.creator;
  answer.created = stored.created;
  answer.written = stored.written;
  answer.redacted = !may_see_values(*live, client);
  if (answer.redacted) {
    auto shown = session::redacted(text_of(stored.text));
    if (!shown.ok()) return not_written(shown.error());
    answer.text = secret_from(shown.value());
  } else {
    answer.text = std::move(stored.text);
  }
  return answer;
}

Outcome<std::vector<std::string>> Sessions::list(const std::string& prefix, const ClientIdentity& client) {
  if (!client) return no_certificate();
  std::vector<std::string> names;
  for (const std::string& record : store_.list(session_record(prefix))) {
    std::string name = record.substr(std::string_view(kSessionRecords).size());
    const auto live = current(name);
    if (live && (may(Operation::read, *live, client) || may_list(name, client))) names.push_back(std::move(name));
  }
  // Whoever sees nothing could still fill the log.
  if (names.empty()) return names;
  Mutation mutation;
  mutation.entries.push_back(entry(audit::Kind::session_listed, prefix, client));
  if (const auto committed = committer_.commit(std::move(mutation)); !committed.ok())
    return not_written(committed.error());
  return names;
}

Outcome<PublicValues> Sessions::public_values(const std::string& name, const std::optional<std::string>& secret) {
  const Failure nothing{.kind = Kind::not_public,
                        .what = "there is no such public value",
                        .hint = "export_public makes a secret's value public"};
  const auto live = current(name);
  if (!live) return nothing;
  PublicValues values;
  for (const session::Secret& one : live->session.secrets) {
    if (secret && one.name != *secret) continue;
    auto shown = public_secret(one, live->materials.find(one.name)->second);
    if (shown.ok()) values.emplace(one.name, std::move(shown).take());
  }
  if (values.empty()) return nothing;
  return values;
}

}  // namespace cloister::cas
