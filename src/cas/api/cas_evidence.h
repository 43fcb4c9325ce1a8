// SPDX-License-Identifier: Apache-2.0
// What CAS shows of itself. Inside CAS's enclave; the server fills it in, and makes quotes of its own enclave.
#pragma once
#include <vector>
#include "src/release/evidence.h"

namespace cloister::cas {

struct CasIdentity {
  std::vector<std::uint8_t> cas_key;  // SubjectPublicKeyInfo, DER
  release::Digest owner_key_hash{};
};

class CasEvidence {
 public:
  virtual ~CasEvidence() = default;
  // A quote of this enclave over `report_data`. Thread-safe; it may take a while. An error when the quoting service
  // does not answer.
  virtual Result<std::vector<std::uint8_t>> quote(const release::ReportData& report_data) = 0;
  // A certificate in DER, self-signed with CAS's key, that carries a quote and the claims that it is over.
  virtual Result<std::vector<std::uint8_t>> certificate(release::Bytes quote, release::Bytes claims) = 0;
};

}  // namespace cloister::cas
