// SPDX-License-Identifier: Apache-2.0
// What verifying a quote found out. Plain data for people, logs and the command; it proves nothing, because anybody can
// fill one in. Decisions rest on Verified<Quote> (verify.h).
#pragma once
#include <optional>
#include <string>
#include <vector>
#include "src/base/result.h"
#include "src/dcap/pck_extension.h"
#include "src/dcap/quote.h"
#include "src/dcap/tcb_status.h"
#include "src/dcap/time.h"

namespace cloister::dcap {

struct PartVerdict {
  std::optional<TcbStatus> status;  // nothing: no level matches
  UnixTime date = 0;                // of the level
  std::vector<std::string> advisories;
};

struct Verdict {
  UnixTime time = 0;        // at which everything was judged
  bool simulation = false;  // the root named, or the quote's own root, is one of a simulation
  // Why verification failed; nothing when it did not.
  std::optional<Error> error;
  // The converged status; nothing where verification did not come that far.
  std::optional<TcbStatus> status;
  // Both CRLs were there and in force. Without that nothing is known of revocations.
  bool crl_in_force = false;
  // Nothing where verification did not come that far, or where the quote has no such part.
  std::optional<PartVerdict> platform, qe, tdx_module;
  std::size_t matched_level = 0;  // the platform's, by its place in the document
  std::uint32_t tcb_evaluation_data_number = 0;
  std::optional<PckIdentity> pck;
};

// Intel's name, with " (no CRL in force)" where that is so; empty where there is no status.
std::string status_text(const Verdict& verdict);
// All advisories of the parts, each once.
std::vector<std::string> all_advisories(const Verdict& verdict);

}  // namespace cloister::dcap
