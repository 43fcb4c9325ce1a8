// SPDX-License-Identifier: Apache-2.0
// Identities of Intel's own enclaves (QE, TD_QE, QVE, QAE): who signs quotes, and which versions of it are good. Both
// sides; pure functions. Source: Intel PCS API, "Get Quoting Enclave Identity".
#pragma once
#include <memory>
#include "abi/sgx/report.h"
#include "src/dcap/tcb_info.h"

namespace cloister::dcap {

enum class EnclaveId : std::uint8_t { qe, td_qe, qve, qae };

struct EnclaveIdentity {
  DocumentSignature signed_part;
  std::uint32_t version;  // 1 (only read, never accepted) or 2
  EnclaveId id;
  Validity validity;  // issueDate to nextUpdate
  std::uint32_t tcb_evaluation_data_number;
  std::uint32_t miscselect, miscselect_mask;
  std::array<std::uint8_t, 16> attributes, attributes_mask;
  std::array<std::uint8_t, 32> mrsigner;
  std::uint16_t isvprodid;
  std::vector<IsvsvnLevel> levels;  // highest ISVSVN first; one without a status in version 1
};

using EnclaveIdentityPointer = std::shared_ptr<const EnclaveIdentity>;

// Errc::invalid for what is no enclave identity, Errc::unsupported for a version or enclave that is not known.
Result<EnclaveIdentity> parse_enclave_identity(Bytes file);

// Whether `report` is of the enclave that `identity` describes, whatever its ISVSVN. Errc::mismatch says in what it is
// not.
Result<void> match_enclave(const EnclaveIdentity& identity, const sgx::ReportBody& report);
// The level of the enclave's ISVSVN; null where it is below all levels.
const IsvsvnLevel* find_level(const EnclaveIdentity& identity, const sgx::ReportBody& report);

}  // namespace cloister::dcap
