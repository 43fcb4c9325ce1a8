// SPDX-License-Identifier: Apache-2.0
// Which TCB levels a quote's platform, quoting enclave and TDX module have, and what they are worth together. Both
// sides; pure functions; everything that goes in has been verified. Source: Intel's Quote Verification Library, TCB
// evaluation.
#pragma once
#include "src/dcap/enclave_identity.h"
#include "src/dcap/pck_extension.h"
#include "src/dcap/quote.h"
#include "src/dcap/tcb_info.h"

namespace cloister::dcap {

struct TcbEvaluation {
  // Null where no level matches.
  const TcbLevel* platform;
  const IsvsvnLevel* qe;
  // Of a TD's launch. A TDX module has an identity of its own from version 1 on (TEE_TCB_SVN[1]); before, the
  // platform's level covers it.
  bool has_module;
  const IsvsvnLevel* module;
  TcbStatus status;
};

// For TD report 1.5 the module that runs now is evaluated as well, which may turn an outdated status into
// TDRelaunchAdvised. The result leads into `info` and `identity`.
TcbEvaluation evaluate_tcb(const PckIdentity& pck, const Quote& quote, const TcbInfo& info,
                           const EnclaveIdentity& identity);

// Whether the TD's module is the one that the TCB info expects. Errc::mismatch says why not.
Result<void> check_tdx_module(const TdReport10& report, const TcbInfo& info);

}  // namespace cloister::dcap
