// SPDX-License-Identifier: Apache-2.0
// Nothing but decide() makes a PolicyMatch, and nothing but a verified quote makes it decide.
#include <optional>
#include "src/cas/policy/decide.h"

using namespace cloister;
using cas::Decision;
using cas::PolicyMatch;

// What opens secrets looks like this.
void open(const dcap::Verified<dcap::Quote>& quote, const PolicyMatch& match);

void may(const session::Session& session, const dcap::Verified<dcap::Quote>& quote, const session::Lookup& lookup) {
  const Decision decision = cas::decide(session, "service", quote, lookup);
  if (decision.match) open(quote, *decision.match);
}

void must_not(const session::Session& session, const session::Service& service, const sgx::ReportBody& report,
              const dcap::Quote& quote, const dcap::Verdict& verdict, const session::Lookup& lookup) {
  (void)session, (void)service, (void)report, (void)quote, (void)verdict, (void)lookup;
// CASE 1: no matching function for call to .*PolicyMatch|no matching constructor
#if CASE == 1
  PolicyMatch from_nothing;
#endif
// CASE 2: private
#if CASE == 2
  PolicyMatch from_parts(session, service, report);
#endif
// CASE 3: could not convert|cannot convert|no matching|private
#if CASE == 3
  PolicyMatch from_braces = {session, service, report};
#endif
// CASE 4: invalid initialization of reference|no viable conversion|could not convert
#if CASE == 4
  (void)cas::decide(session, "service", quote, lookup);
#endif
// CASE 5: invalid initialization of reference|no viable conversion|could not convert
#if CASE == 5
  (void)cas::decide(session, "service", verdict, lookup);
#endif
// CASE 6: no matching function|private
#if CASE == 6
  std::optional<PolicyMatch> in_place(std::in_place, session, service, report);
#endif
}

#if CASE == 7
// CASE 7: private
class Heir : public PolicyMatch {
 public:
  Heir(const session::Session& session, const session::Service& service, const sgx::ReportBody& report)
      : PolicyMatch(session, service, report) {}
};
#endif
