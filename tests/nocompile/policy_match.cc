// SPDX-License-Identifier: Apache-2.0
// Nothing but decide() makes a PolicyMatch, and nothing but a verified quote makes it decide.
#include <optional>
#include "src/cas/configuration.h"

using namespace cloister;
using cas::Decision;
using cas::PolicyMatch;

void may(const session::Session& session, const dcap::Verified<dcap::Quote>& quote, const session::Lookup& lookup,
         const cas::Materials& materials, yaml::Problem* problem) {
  const Decision decision = cas::decide(session, "service", quote, lookup);
  if (decision.match) (void)cas::make_configuration(quote, *decision.match, materials, problem);
}

void must_not(const session::Session& session, const session::Service& service, const sgx::ReportBody& report,
              const dcap::Quote& quote, const dcap::Verdict& verdict, const session::Lookup& lookup,
              const dcap::Verified<dcap::Quote>& verified, const Decision& decision, const cas::Materials& materials,
              yaml::Problem* problem) {
  (void)session, (void)service, (void)report, (void)quote, (void)verdict, (void)lookup;
  (void)verified, (void)decision, (void)materials, (void)problem;
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
// CASE 6: invalid initialization of reference|no viable conversion|could not convert
#if CASE == 6
  (void)cas::make_configuration(quote, *decision.match, materials, problem);
#endif
// CASE 7: invalid initialization of reference|no viable conversion|could not convert|no known conversion
#if CASE == 7
  (void)cas::make_configuration(verified, service, materials, problem);
#endif
// CASE 8: no matching function|private
#if CASE == 8
  std::optional<PolicyMatch> in_place(std::in_place, session, service, report);
#endif
}

#if CASE == 9
// CASE 9: private
class Heir : public PolicyMatch {
 public:
  Heir(const session::Session& session, const session::Service& service, const sgx::ReportBody& report)
      : PolicyMatch(session, service, report) {}
};
#endif
