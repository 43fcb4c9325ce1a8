// SPDX-License-Identifier: Apache-2.0
// Nothing but the verifier makes a Verified<Quote>.
#include <cstdint>
#include <optional>
#include "src/dcap/verify.h"

using namespace cloister::dcap;

// What key release will look like.
void release_keys(const Verified<Quote>& quote);

void may(const Quote& quote, const Collateral& collateral, const TrustAnchor& root, Cache& cache) {
  const Judgement judgement = Verified<Quote>::judge(quote, collateral, root, 0, cache);
  if (judgement.verified) release_keys(*judgement.verified);
}

void must_not(const Quote& quote, const Verdict& verdict, const TrustAnchor& root) {
  (void)quote, (void)verdict, (void)root;
// CASE 1: no matching function for call to .*Verified|no matching constructor
#if CASE == 1
  Verified<Quote> from_nothing;
#endif
// CASE 2: private
#if CASE == 2
  Verified<Quote> from_claims(quote, verdict, root);
#endif
// CASE 3: invalid initialization of reference|no viable conversion|could not convert
#if CASE == 3
  release_keys(quote);
#endif
// CASE 4: no matching function|private
#if CASE == 4
  std::optional<Verified<Quote>> in_place(std::in_place, quote, verdict, root);
#endif
// CASE 5: could not convert|cannot convert|no matching|private|cannot be initialized
#if CASE == 5
  Verified<Quote> from_braces = {quote, verdict, root};
#endif
// CASE 6: incomplete type
#if CASE == 6
  Verified<Verdict> other_type{verdict};
#endif
}

#if CASE == 7
// CASE 7: private
class Heir : public Verified<Quote> {
 public:
  Heir(const Quote& quote, const Verdict& verdict, const TrustAnchor& root) : Verified<Quote>(quote, verdict, root) {}
};
#endif
