// SPDX-License-Identifier: Apache-2.0
// What an enclave's REPORT says about a connection to CAS, and what CONFIGID names (docs/protocol-attestation.md). Both
// sides compute it; nothing of it is sent. Pure functions over bytes.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include "abi/evidence_label.h"
#include "src/release/messages.h"
#include "src/sgx/measurement.h"

namespace cloister::release {

using ReportData = std::array<std::uint8_t, 64>;
using ConfigId = std::array<std::uint8_t, 64>;

// The TLS exporter (RFC 8446, 7.5): its context is CHALLENGE's cas_nonce.
inline constexpr char kExporterLabel[] = "EXPORTER-Cloister-attest-enclave-v1";
inline constexpr std::size_t kExportedSize = 32;
using ExportedKey = std::array<std::uint8_t, kExportedSize>;

using sgx::sha256;

struct EvidenceOfConnection {
  ExportedKey exported{};
  Bytes hello;        // exact bytes, from the type on
  Bytes challenge;    // likewise
  Bytes cas_key;      // SubjectPublicKeyInfo of the certificate on this connection
  Bytes audit_key;    // of CHALLENGE
  Bytes enclave_key;  // of HELLO
};

inline constexpr std::size_t kTbsSize = 212;
using Tbs = std::array<std::uint8_t, kTbsSize>;
Tbs to_be_signed(const EvidenceOfConnection& evidence);
ReportData report_data(const EvidenceOfConnection& evidence);

// CAS's own evidence, for clients that pin it.
struct EvidenceOfCas {
  Nonce nonce{};  // the client's
  Digest cas_key_hash{};
  Digest audit_key_hash{};
  Digest owner_key_hash{};
  std::uint64_t audit_sequence = 0;
  Digest audit_head{};
};
inline constexpr std::size_t kCasTbsSize = 185;
std::array<std::uint8_t, kCasTbsSize> to_be_signed(const EvidenceOfCas& evidence);
ReportData report_data(const EvidenceOfCas& evidence);

// CONFIGID of an enclave that this CAS configures as `config_id`, session/service, and of CAS itself.
ConfigId configured_enclave_id(const Digest& cas_key_hash, std::string_view config_id);
ConfigId cas_id(const Digest& owner_key_hash);

// What the audit key signs for a head of the log.
inline constexpr std::size_t kAuditHeadTbsSize = 63;
std::array<std::uint8_t, kAuditHeadTbsSize> to_be_signed(std::uint64_t audit_sequence, const Digest& audit_head);

// In a time that does not depend on where they differ.
bool equal(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b);

}  // namespace cloister::release
