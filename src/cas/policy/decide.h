// SPDX-License-Identifier: Apache-2.0
// The decision whether an enclave gets what a session has for one of its services. Inside CAS's enclave; pure: no I/O,
// no clock, no state.
//
// Secrets are opened by configuration.h alone, for a Verified<Quote> and the PolicyMatch that decide() made of it. Only
// decide() makes one. What it does not look at, because it belongs to one connection: REPORTDATA, and CONFIGID, which
// must name this CAS and the service.
#pragma once
#include "src/cas/policy/refusal.h"
#include "src/dcap/verify.h"
#include "src/session/substitution.h"

namespace cloister::cas {

struct Decision;

class PolicyMatch {
 public:
  // `lookup` gives the values of the session's secrets, for settings that the session leaves to a placeholder.
  static Decision decide(const session::Session& session, std::string_view service_name,
                         const dcap::Verified<dcap::Quote>& quote, const session::Lookup& lookup);

  // Those that were given; they must outlive this.
  const session::Session& session() const { return *session_; }
  const session::Service& service() const { return *service_; }
  // Whether it was made of this quote.
  bool is_of(const dcap::Verified<dcap::Quote>& quote) const;

 private:
  PolicyMatch(const session::Session& session, const session::Service& service, const sgx::ReportBody& report)
      : session_(&session), service_(&service), report_(report) {}

  const session::Session* session_;
  const session::Service* service_;
  sgx::ReportBody report_;
};

// Why quotes below `root` open nothing of the session; nothing if they may. decide() asks it about the root that the
// quote was verified below, which may be the one that came with it.
std::optional<Refusal> root_refusal(const session::Session& session, const dcap::TrustAnchor& root,
                                    const session::Lookup& lookup);

struct Decision {
  std::optional<PolicyMatch> match;  // if there is no refusal
  std::vector<Refusal> refusals;     // all of them, not only the first
};

inline Decision decide(const session::Session& session, std::string_view service_name,
                       const dcap::Verified<dcap::Quote>& quote, const session::Lookup& lookup) {
  return PolicyMatch::decide(session, service_name, quote, lookup);
}

}  // namespace cloister::cas
