// SPDX-License-Identifier: Apache-2.0
// Quotes for this enclave from the local attestation service (LAS) that the host part names. Trusted, kernel storey.
// One way for all: programs through /dev/attestation/quote, and the runtime for its own evidence. What the REPORTDATA
// may be is the caller's matter (kEvidenceLabel in abi/evidence_label.h).
//
// The LAS and the host between are hostile. What comes back is a quote over exactly our report, from the enclave whose
// TARGETINFO the LAS gave, proved by local attestation. Whether that is a quoting enclave to be believed, only a
// verifier with collateral can say.
#pragma once
#include <array>
#include <cstdint>
#include <vector>
#include "abi/sgx/report.h"
#include "src/base/result.h"
#include "src/enclave/attest/host_stream.h"

namespace cloister::attest {

using ReportData = std::array<std::uint8_t, sgx::kReportdataSize>;

// Whether the host part named one; it need not be there.
bool has_quoting_service();

// At most ten seconds. ENODEV without a service; the network's error, ETIMEDOUT, ECONNRESET, EINTR; EPROTO for what is
// no message; EBUSY when it has too much to do, EREMOTEIO when it refuses; EBADMSG for a quote that is not ours. Any
// but ENODEV and EINTR is also one line on the host's standard error, once as long as the cause stays the same.
Result<std::vector<std::uint8_t>> quote_for(const ReportData& data, OnSignal on_signal);

}  // namespace cloister::attest
