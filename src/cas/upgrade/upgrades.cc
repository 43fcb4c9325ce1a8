// SPDX-License-Identifier: Apache-2.0
#include "src/cas/upgrade/upgrades.h"
#include <cerrno>
#include <cstring>
#include "src/base/hex.h"
#include "src/cas/policy/decide.h"

namespace cloister::cas {
namespace {

using Kind = Failure::Kind;
constexpr char kSubject[] = "upgrade";
constexpr char kTryAgain[] = "nothing was changed; try again later";

Failure not_written(const Error& error) {
  if (error.is_errno() && error.errno_value() == ESTALE)
    return {.kind = Kind::overtaken, .what = "the upgrade was changed at the same time", .hint = "ask again"};
  return {.kind = Kind::later, .what = "CAS cannot write at the moment", .hint = kTryAgain};
}
Failure not_read() {
  return {.kind = Kind::later, .what = "CAS cannot read its upgrade at the moment", .hint = "try again later"};
}

template <std::size_t kSize>
sgx::Digest digest_of(const std::uint8_t (&bytes)[kSize]) {
  static_assert(kSize == sizeof(sgx::Digest));
  sgx::Digest digest;
  std::memcpy(digest.data(), bytes, kSize);
  return digest;
}

std::string words(const char* name, const std::vector<std::string>& list) {
  std::string text;
  for (const std::string& word : list) text += (text.empty() ? "" : ", ") + word;
  return text.empty() ? text : std::string("; ") + name + " [" + text + ']';
}

std::string text_of(const CasRequirements& successor) {
  std::string text = "to MRENCLAVE " + to_hex(successor.mrenclave);
  if (successor.simulation_root) text += "; simulation root " + to_hex(*successor.simulation_root);
  return text + words("tolerate", successor.tolerate) + words("ignore_advisories", successor.advisories);
}

}  // namespace

Upgrades::Upgrades(SealedStore& store, Committer& committer, Sessions& sessions, CasSelf self,
                   const SealingKeySource& source, QuoteJudge judge, Clock clock, AfterAnswer after_answer)
    : store_(store),
      committer_(committer),
      sessions_(sessions),
      self_(std::move(self)),
      source_(source),
      judge_(std::move(judge)),
      clock_(std::move(clock)),
      after_answer_(std::move(after_answer)) {}

audit::Entry Upgrades::entry(audit::Kind kind, const ClientIdentity& client) const {
  audit::Entry entry;
  entry.kind = kind;
  entry.time = clock_();
  entry.subject = kSubject;
  if (client) entry.actor = {audit::Actor::Kind::certificate, client->key_hash};
  return entry;
}

std::optional<Failure> Upgrades::not_the_owner(const char* what, const ClientIdentity& client) {
  if (sessions_.is_owner(client)) return std::nullopt;
  Failure failure{.kind = Kind::not_allowed,
                  .what = std::string(what) + " by CAS's owner alone",
                  .hint = "`cloister cas owner` shows your key's hash, `cloister cas list` the owner's"};
  sessions_.note_refusal(kSubject, failure.what, client);
  return failure;
}

Result<std::optional<SignedAuthorisation>> Upgrades::authorisation() {
  const auto record = TRY(store_.get(kAuthorisationRecord));
  if (record == nullptr) return std::optional<SignedAuthorisation>();
  return std::optional(TRY(decode_authorisation(record->content)));
}

Result<std::uint64_t> Upgrades::hand_overs() {
  const auto record = TRY(store_.get(kHandOversRecord));
  if (record == nullptr) return std::uint64_t{0};
  FieldReader reader(record->content);
  return reader.number<std::uint64_t>("the count of hand-overs is malformed");
}

Result<UpgradeState> Upgrades::current_state() {
  UpgradeState state;
  state.mrenclave = self_.mrenclave;
  state.hand_overs = TRY(hand_overs());
  if (auto known = TRY(authorisation())) state.authorised = std::move(known->content.successor);
  return state;
}

Outcome<UpgradeState> Upgrades::state(const ClientIdentity& client) {
  if (const auto failure = not_the_owner("an upgrade is authorised", client)) return *failure;
  auto state = current_state();
  if (!state.ok()) return not_read();
  return std::move(state).take();
}

std::string Upgrades::why_not_authorised(const SignedAuthorisation& authorisation, std::uint64_t hand_overs) const {
  if (const auto signed_by_owner = verify(authorisation, self_.owner_key_hash); !signed_by_owner.ok())
    return signed_by_owner.error().what();
  if (authorisation.content.cas_key_hash != self_.key_hash) return "the authorisation is for another CAS";
  if (authorisation.content.hand_overs != hand_overs)
    return "the authorisation was signed after " + std::to_string(authorisation.content.hand_overs) +
           " hand-overs, there have been " + std::to_string(hand_overs);
  if (authorisation.content.successor.mrenclave == self_.mrenclave)
    return "this CAS has the MRENCLAVE " + to_hex(self_.mrenclave) + " already";
  std::string problem;
  if (!policy_for_cas(authorisation.content.successor, problem).ok()) return problem;
  return {};
}

Outcome<UpgradeState> Upgrades::authorise(Bytes bytes, const ClientIdentity& client) {
  if (const auto failure = not_the_owner("an upgrade is authorised", client)) return *failure;
  const auto authorisation = decode_authorisation(bytes);
  if (!authorisation.ok())
    return Failure{
        .kind = Kind::invalid, .what = authorisation.error().what(), .hint = "`cloister cas upgrade` makes one"};
  const auto before = hand_overs();
  if (!before.ok()) return not_read();
  if (const std::string why = why_not_authorised(authorisation.value(), before.value()); !why.empty()) {
    sessions_.note_refusal(kSubject, why, client);
    return Failure{.kind = Kind::conflict, .what = why, .hint = "`cloister cas upgrade` signs a new one"};
  }
  const CasRequirements& successor = authorisation.value().content.successor;
  Mutation mutation;
  mutation.changes.push_back({kAuthorisationRecord, SecretBytes(bytes.begin(), bytes.end())});
  mutation.entries.push_back(entry(audit::Kind::upgrade_authorised, client));
  mutation.entries.back().subject_hash = successor.mrenclave;
  mutation.entries.back().text = text_of(successor).substr(0, audit::kTextLimit);
  if (const auto committed = committer_.commit(std::move(mutation)); !committed.ok())
    return not_written(committed.error());
  return UpgradeState{.mrenclave = self_.mrenclave, .hand_overs = before.value(), .authorised = successor};
}

Outcome<UpgradeState> Upgrades::withdraw(const ClientIdentity& client) {
  if (const auto failure = not_the_owner("an upgrade is authorised", client)) return *failure;
  const std::uint64_t version = store_.version(kAuthorisationRecord);
  if (version == kAbsent)
    return Failure{.kind = Kind::conflict, .what = "no upgrade is authorised", .hint = "there is nothing to withdraw"};
  Mutation mutation;
  mutation.demands.push_back({kAuthorisationRecord, version});
  mutation.changes.push_back({kAuthorisationRecord, std::nullopt});
  mutation.entries.push_back(entry(audit::Kind::upgrade_withdrawn, client));
  if (const auto committed = committer_.commit(std::move(mutation)); !committed.ok())
    return not_written(committed.error());
  auto state = current_state();
  if (!state.ok()) return not_read();
  return std::move(state).take();
}

Failure Upgrades::refused(std::string what, std::string hint, Kind kind) {
  sessions_.note_refusal(kSubject, what, std::nullopt);
  return {.kind = kind, .what = std::move(what), .hint = std::move(hint)};
}

std::string Upgrades::why_not_successor(const sgx::ReportBody& report, const HandOverRequest& request,
                                        const CasRequirements& successor) const {
  if (!release::equal(report.reportdata, successor_report_data(request.key)))
    return "REPORTDATA is not over the key of this request: a quote that was made for something else";
  if (!release::equal(report.configid, release::cas_id(self_.owner_key_hash)))
    return "CONFIGID is not that of a CAS of the same owner";
  if (const sgx::Digest found = digest_of(report.mrenclave); found != successor.mrenclave)
    return "MRENCLAVE " + to_hex(found) + " asks, the owner has authorised " + to_hex(successor.mrenclave);
  // Whatever the owner tolerates: a host reads a debug enclave's memory.
  if ((report.attributes.flags & sgx::kAttributeDebug) != 0) return "a debug enclave gets nothing";
  return {};
}

Outcome<dcap::Verified<dcap::Quote>> Upgrades::judged(const HandOverRequest& request, const CasRequirements& successor,
                                                      std::vector<CollateralMark>& seen) {
  constexpr char kHint[] = "the audit log says the same";
  const auto quote = dcap::parse_quote(request.quote);
  if (!quote.ok())
    return refused(std::string("the successor's quote: ") + quote.error().what(), kHint, Kind::not_allowed);
  const auto* const report = std::get_if<sgx::ReportBody>(&quote.value().body);
  if (report == nullptr) return refused("the quote is not of an SGX enclave", kHint, Kind::not_allowed);
  if (const std::string why = why_not_successor(*report, request, successor); !why.empty())
    return refused(why, "`cloister cas measure` of the new version is what `cloister cas upgrade --to-mrenclave` names",
                   Kind::not_allowed);
  JudgedQuote judgement = judge_(quote.value(), clock_());
  seen = std::move(judgement.seen);
  std::string why = judgement.why_not;
  if (judgement.verified) {
    std::string problem;
    const auto policy = policy_for_cas(successor, problem);
    if (!policy.ok()) return refused(problem, kHint, Kind::not_allowed);
    const Decision decision =
        decide(policy.value(), kCasService, *judgement.verified, [](const auto&, auto) { return std::nullopt; });
    if (decision.match) return *judgement.verified;
    why = text_of(decision.refusals);
  }
  why = "the successor is refused: " + why;
  // What was newer than anything seen before is remembered with the refusal.
  if (TimeBound moved = *store_.time_bound(); moved.note(seen)) {
    Mutation mutation;
    mutation.entries.push_back(entry(audit::Kind::request_refused, std::nullopt));
    mutation.entries.back().actor.kind = audit::Actor::Kind::unknown;
    mutation.entries.back().text = why.substr(0, audit::kTextLimit);
    mutation.seen = seen;
    (void)committer_.commit(std::move(mutation)).ok();
    return Failure{.kind = Kind::not_allowed, .what = why, .hint = kHint};
  }
  return refused(why, kHint, judgement.may_be_later ? Kind::later : Kind::not_allowed);
}

Result<audit::Position> Upgrades::mark(const CasRequirements& successor, const dcap::Verified<dcap::Quote>& quote,
                                       const Demand& authorised, std::vector<CollateralMark> seen) {
  const std::scoped_lock lock(marking_);
  if (handed_over()) return store_.head().at;
  Mutation mutation;
  mutation.demands.push_back(authorised);
  mutation.changes.push_back({kHandedOverRecord, SecretBytes(successor.mrenclave.begin(), successor.mrenclave.end())});
  mutation.seen = std::move(seen);
  audit::Entry last = entry(audit::Kind::handed_over, std::nullopt);
  last.actor = {audit::Actor::Kind::enclave, successor.mrenclave};
  last.subject_hash = successor.mrenclave;
  last.text = "from MRENCLAVE " + to_hex(self_.mrenclave) + ' ' + text_of(successor) + "; " +
              status_text(quote.verdict()) + (quote.simulation() ? ", simulation" : "");
  last.text.resize(std::min(last.text.size(), audit::kTextLimit));
  mutation.entries.push_back(std::move(last));
  return TRY(committer_.commit(std::move(mutation))).head.at;
}

Outcome<std::vector<std::uint8_t>> Upgrades::hand_over(Bytes request) {
  const Demand authorised{kAuthorisationRecord, store_.version(kAuthorisationRecord)};
  const auto known = authorisation();
  if (!known.ok()) return not_read();
  if (!known.value())
    return refused("CAS's owner has authorised no upgrade",
                   "the owner does so with `cloister cas upgrade --to-mrenclave HEX`", Kind::not_allowed);
  const auto asked = decode_hand_over_request(request);
  if (!asked.ok())
    return Failure{.kind = Kind::invalid, .what = asked.error().what(), .hint = "`cloister cas serve --upgrade-from`"};
  const CasRequirements& successor = known.value()->content.successor;
  std::vector<CollateralMark> seen;
  const auto quote = judged(asked.value(), successor, seen);
  if (!quote.ok()) return quote.failure();
  auto keys = StoreKeys::derive(source_, store_.sealed_under());
  if (!keys.ok()) return Failure{.kind = Kind::later, .what = keys.error().what(), .hint = kTryAgain};
  const auto head = mark(successor, quote.value(), authorised, std::move(seen));
  if (!head.ok()) return not_written(head.error());
  auto answer =
      answer_hand_over(request, *known.value(), {.keys = std::move(keys).take(), .head = head.value()}, *self_.key);
  if (!answer.ok()) return Failure{.kind = Kind::later, .what = answer.error().what(), .hint = "ask again"};
  after_answer_();
  return std::move(answer).take();
}

std::string Upgrades::successor_text() const {
  const auto record = store_.get(kHandedOverRecord);
  if (!record.ok() || record.value() == nullptr) return "another version";
  return "MRENCLAVE " + to_hex(record.value()->content);
}

}  // namespace cloister::cas
