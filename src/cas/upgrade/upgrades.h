// SPDX-License-Identifier: Apache-2.0
// Upgrades as the CAS that is to be replaced serves them: the owner authorises one, then the successor asks for the
// keys of the store. Inside CAS's enclave; thread-safe.
//
// The mark that the store was handed over is durable before any key leaves. From then on nothing is committed (the
// store holds that), so that the head of the audit log that the successor is told stays the last one, and this CAS
// serves nothing but the same hand-over again: an answer may be lost.
#pragma once
#include "src/cas/sessions/sessions.h"
#include "src/cas/upgrade/hand_over.h"
#include "src/cas/upgrade/quote_judge.h"

namespace cloister::cas {

inline constexpr char kAuthorisationRecord[] = "cas/upgrade";  // a SignedAuthorisation
inline constexpr char kHandOversRecord[] = "cas/hand-overs";   // how many there were, u64; absent: none

struct CasSelf {
  std::shared_ptr<evp_pkey_st> key;  // the CAS key
  sgx::Digest key_hash{}, owner_key_hash{}, mrenclave{};
};

struct UpgradeState {
  sgx::Digest mrenclave{};                    // this CAS's
  std::uint64_t hand_overs = 0;               // until now
  std::optional<CasRequirements> authorised;  // to whom it may hand over
};

class Upgrades {
 public:
  // Called for each answer that is to be sent to the successor: this CAS should end, which gives the file free.
  using AfterAnswer = std::function<void()>;
  Upgrades(SealedStore& store, Committer& committer, Sessions& sessions, CasSelf self, const SealingKeySource& source,
           QuoteJudge judge, Clock clock, AfterAnswer after_answer);

  // For the owner.
  Outcome<UpgradeState> state(const ClientIdentity& client);
  // `authorisation`: a SignedAuthorisation. It takes the place of an earlier one.
  Outcome<UpgradeState> authorise(Bytes authorisation, const ClientIdentity& client);
  Outcome<UpgradeState> withdraw(const ClientIdentity& client);
  // `confirmation`: a SignedConfirmation of this CAS's key, whose hash is the answer. Kept with the store.
  Outcome<sgx::Digest> confirm(Bytes confirmation, const ClientIdentity& client);

  // For anybody: the answer opens for the authorised successor alone. `request`: a HandOverRequest.
  Outcome<std::vector<std::uint8_t>> hand_over(Bytes request);

  bool handed_over() const { return store_.version(kHandedOverRecord) != kAbsent; }
  // In words, for whoever asks this CAS for anything else.
  std::string successor_text() const;

 private:
  // `what` is the owner's alone.
  std::optional<Failure> not_the_owner(const char* what, const ClientIdentity& client);
  Result<std::optional<SignedAuthorisation>> authorisation();
  Result<std::uint64_t> hand_overs();
  Result<UpgradeState> current_state();
  std::string why_not_authorised(const SignedAuthorisation& authorisation, std::uint64_t hand_overs) const;
  // Why this is no report of the successor; empty if it is.
  std::string why_not_successor(const sgx::ReportBody& report, const HandOverRequest& request,
                                const CasRequirements& successor) const;
  Outcome<dcap::Verified<dcap::Quote>> judged(const HandOverRequest& request, const CasRequirements& successor,
                                              std::vector<CollateralMark>& seen);
  Result<audit::Position> mark(const CasRequirements& successor, const dcap::Verified<dcap::Quote>& quote,
                               const Demand& authorised, std::vector<CollateralMark> seen);
  Failure refused(std::string what, std::string hint, Failure::Kind kind);
  audit::Entry entry(audit::Kind kind, const ClientIdentity& client) const;

  SealedStore& store_;
  Committer& committer_;
  Sessions& sessions_;
  const CasSelf self_;
  const SealingKeySource& source_;
  const QuoteJudge judge_;
  const Clock clock_;
  const AfterAnswer after_answer_;
  std::mutex marking_;
};

}  // namespace cloister::cas
