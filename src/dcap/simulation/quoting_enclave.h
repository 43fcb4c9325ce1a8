// SPDX-License-Identifier: Apache-2.0
// The simulated quoting enclave: turns a report of the software device into a quote of the real format. Host side; pure
// but for the signatures' randomness. It does what Intel's quoting and provisioning certification enclaves do, in the
// same order. Every secret of it comes from EGETKEY of the enclave that it is; it knows no fuses.
#pragma once
#include "src/dcap/pck_extension.h"
#include "src/dcap/quote.h"
#include "src/dcap/simulation/authority.h"
#include "src/sgx/key_leaves.h"
#include "src/sgx/report.h"

namespace cloister::dcap::simulation {

// A kind of platform of its own, so that no TCB info of Intel's fits it.
inline constexpr std::array<std::uint8_t, 6> kFmspc = {'S', 'I', 'M', 0, 0, 0};
inline constexpr std::uint16_t kCurrentPcesvn = 13, kCurrentQeIsvsvn = 8;

// What can be older or newer on a platform besides its CPUSVN, whose bytes are the SVNs of the sixteen components.
struct PlatformSvns {
  std::uint16_t pcesvn = kCurrentPcesvn;
  std::uint16_t qe_isvsvn = kCurrentQeIsvsvn;
};

// Serial number of the PCK certificate for this platform, which a CRL may name.
std::array<std::uint8_t, 20> pck_serial(const PckIdentity& pck);

// What the quoting enclave's SECS and SIGSTRUCT must have, as its identity document says.
inline constexpr std::uint64_t kQeAttributes = sgx::kAttributeMode64Bit | sgx::kAttributeProvisionKey;
inline constexpr std::uint16_t kQeIsvprodid = 1;

class QuotingEnclave {
 public:
  // `enclave` is an initialised one with kQeAttributes. It holds the provisioning keys, so that it plays the
  // provisioning certification enclave, too.
  static Result<QuotingEnclave> start(const Authority& authority, std::shared_ptr<const sgx::KeyLeaves> enclave,
                                      std::uint16_t pcesvn);

  // For EREPORT: reports must be made for this enclave.
  sgx::Targetinfo targetinfo() const { return sgx::targetinfo_of(report_body_); }
  // What the PCK certificate says of the platform.
  const PckIdentity& pck() const { return pck_; }
  // As PCE and verifiers see it: MRENCLAVE, MRSIGNER, ISVSVN.
  const sgx::ReportBody& report_body() const { return report_body_; }
  // SHA-256 of attestation key and authentication data, which AESM calls the key's id.
  const Digest& attestation_key_id() const { return key_id_; }
  std::size_t quote_size() const;

  // Errc::mismatch for a report that was not made on this platform for this enclave.
  Result<OwnedBytes> quote(const sgx::Report& report) const;
  // What proves to the asking enclave that `quote` came from here unchanged: a report for it over SHA-256(nonce,
  // quote).
  sgx::Report certify(std::span<const std::uint8_t, 16> nonce, Bytes quote, const sgx::Targetinfo& target) const;

 private:
  QuotingEnclave(std::shared_ptr<const sgx::KeyLeaves> enclave, PrivateKey attestation_key)
      : enclave_(std::move(enclave)), attestation_key_(std::move(attestation_key)) {}

  std::shared_ptr<const sgx::KeyLeaves> enclave_;
  PrivateKey attestation_key_;
  PckIdentity pck_{};
  std::array<std::uint8_t, 16> qe_id_{};
  sgx::ReportBody report_body_{};  // as it was certified
  Digest key_id_{};
  Signature certification_{};      // by the PCK key, over report_body_
  OwnedBytes certification_data_;  // the PCK certificate chain in PEM
};

}  // namespace cloister::dcap::simulation
