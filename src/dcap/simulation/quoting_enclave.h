// SPDX-License-Identifier: Apache-2.0
// The simulated quoting enclave: turns a report of the software device into a quote of the real format. Host side; pure
// but for the signatures' randomness. It does what Intel's quoting and provisioning certification enclaves do, in the
// same order, with keys from the platform's simulated fuses.
#pragma once
#include "src/dcap/pck_extension.h"
#include "src/dcap/quote.h"
#include "src/dcap/simulation/authority.h"
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

// What the PCK certificate says of the platform, and the certificate's serial number, which a CRL may name.
PckIdentity platform_identity(const sgx::Platform& platform, const PlatformSvns& svns);
std::array<std::uint8_t, 20> pck_serial(const PckIdentity& pck);

class QuotingEnclave {
 public:
  QuotingEnclave(QuotingEnclave&&) = default;
  ~QuotingEnclave();  // wipes the fuses
  static Result<QuotingEnclave> start(const Authority& authority, const sgx::Platform& platform,
                                      const PlatformSvns& svns);

  // For EREPORT: reports must be made for this enclave.
  sgx::Targetinfo targetinfo() const { return sgx::targetinfo_of(report_body_); }
  const PckIdentity& pck() const { return pck_; }
  // SHA-256 of attestation key and authentication data, which AESM calls the key's id.
  const Digest& attestation_key_id() const { return key_id_; }
  std::size_t quote_size() const;

  // Errc::mismatch for a report that was not made on this platform for this enclave.
  Result<OwnedBytes> quote(const sgx::Report& report) const;
  // What proves to the asking enclave that `quote` came from here unchanged: a report for it over SHA-256(nonce,
  // quote).
  sgx::Report certify(std::span<const std::uint8_t, 16> nonce, Bytes quote, const sgx::Targetinfo& target) const;

 private:
  QuotingEnclave(const sgx::Platform& platform, PrivateKey attestation_key)
      : platform_(platform), attestation_key_(std::move(attestation_key)) {}

  sgx::Platform platform_;
  sgx::Secs secs_{};
  PrivateKey attestation_key_;
  PckIdentity pck_{};
  std::uint16_t pcesvn_ = 0;
  std::array<std::uint8_t, 16> qe_id_{};
  sgx::ReportBody report_body_{};  // as it was certified
  Digest key_id_{};
  Signature certification_{};      // by the PCK key, over report_body_
  OwnedBytes certification_data_;  // the PCK certificate chain in PEM
};

// MRSIGNER and ISVPRODID of the simulated quoting enclave, for its identity document.
std::array<std::uint8_t, 32> qe_mrsigner();
inline constexpr std::uint16_t kQeIsvprodid = 1;

}  // namespace cloister::dcap::simulation
