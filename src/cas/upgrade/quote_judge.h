// SPDX-License-Identifier: Apache-2.0
// What CAS finds out about a quote before any policy is asked. Inside CAS's enclave.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include "src/cas/store/time_bound.h"
#include "src/dcap/verify.h"

namespace cloister::cas {

struct JudgedQuote {
  std::optional<dcap::Verified<dcap::Quote>> verified;  // below whichever root came with it
  std::string why_not;                                  // one line, where it is not verified
  bool may_be_later = false;                            // not verified for want of collateral that is in force
  std::vector<CollateralMark> seen;                     // for the bound of time; of a refusal, too
};

// Judges a quote at `now`, milliseconds since 1970, and waits for collateral when it must be fetched first.
using QuoteJudge = std::function<JudgedQuote(const dcap::Quote& quote, std::uint64_t now)>;

}  // namespace cloister::cas
