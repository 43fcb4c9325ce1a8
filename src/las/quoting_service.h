// SPDX-License-Identifier: Apache-2.0
// Whoever turns reports into quotes, as the LAS sees it: a quoting enclave in this process, or one behind AESM. Host
// side; used by one thread at a time.
#pragma once
#include <string>
#include "src/las/messages.h"

namespace cloister::las {

class QuotingService {
 public:
  virtual ~QuotingService() = default;
  // For people and logs: "simulation".
  virtual const char* name() const = 0;
  // Makes sure that there is an attestation key; for whom reports must be. May be called again, and must be after a
  // quote failed with Errc::io.
  virtual Result<sgx::Targetinfo> init() = 0;
  // Bytes of the quotes to come.
  virtual Result<std::uint32_t> quote_size() = 0;
  // The quote has no padding. Errc::mismatch for a report that was not made here for init()'s TARGETINFO, Errc::io when
  // quoting does not work at the moment. `request` has the right sizes and is otherwise the asker's.
  virtual Result<QuoteAnswer> quote(const QuoteRequest& request) = 0;
};

}  // namespace cloister::las
