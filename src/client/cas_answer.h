// SPDX-License-Identifier: Apache-2.0
// CAS's evidence as its API answers it, and what it must be. Owner's side; pure. The quote itself is verified by
// src/dcap and judged by a policy; docs/protocol-attestation.md has the rest.
#pragma once
#include "abi/sgx/report.h"
#include "src/client/pin.h"
#include "src/release/evidence.h"

namespace cloister::client {

struct CasAnswer {
  std::vector<std::uint8_t> quote, cas_key;
  audit::PublicKeyBytes audit_key{};
  Digest owner_key_hash{};
  audit::Head head;
};
Result<CasAnswer> parse_cas_answer(std::span<const std::uint8_t> body);

struct Expected {
  release::Nonce nonce{};                // that was sent
  std::vector<std::uint8_t> server_key;  // SubjectPublicKeyInfo that the connection proved
  Digest owner_key_hash{};
};
// Whether the report of a verified quote says what the answer says: CONFIGID, REPORTDATA, keys, owner, head.
// Errc::mismatch with `problem`, one line for people.
Result<void> check_evidence(const CasAnswer& answer, const sgx::ReportBody& report, const Expected& expected,
                            std::string& problem);

}  // namespace cloister::client
