// SPDX-License-Identifier: Apache-2.0
// Which enclave a service allows: its variants of `attestation` (any of them, each with all of its factors) against a
// report. Inside CAS's enclave; pure. The report must come out of a verified quote.
#pragma once
#include "abi/sgx/report.h"
#include "src/cas/policy/refusal.h"
#include "src/cas/policy/settings.h"

namespace cloister::cas {

// Empty if one of the variants holds; otherwise what is wrong with each.
std::vector<Refusal> variant_refusals(const session::Service& service, const sgx::ReportBody& report,
                                      const Settings& settings);

}  // namespace cloister::cas
