// SPDX-License-Identifier: Apache-2.0
#include "src/dcap/simulation/quoting_enclave.h"
#include <openssl/crypto.h>
#include <algorithm>
#include <cstring>
#include "src/sgx/bytes.h"
#include "src/sgx/report.h"

namespace cloister::dcap::simulation {
namespace {

constexpr std::uint8_t kAuthenticationDataSize = 32;  // 00 01 … 1f, as Intel's quoting enclave has it

template <typename Struct>
void append(OwnedBytes& to, const Struct& value) {
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(&value);
  to.insert(to.end(), bytes, bytes + sizeof value);
}
void append_bytes(OwnedBytes& to, Bytes bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

// 48 bytes by AES-CMAC in counter mode over `label`. Wipe them.
std::array<std::uint8_t, 48> expand(const sgx::Key128& key, std::string_view label) {
  std::array<std::uint8_t, 48> seed;
  for (std::uint8_t i = 0; i < 3; ++i) {
    OwnedBytes block{static_cast<std::uint8_t>(i + 1)};
    append_bytes(block, {reinterpret_cast<const std::uint8_t*>(label.data()), label.size()});
    const sgx::Mac part = sgx::aes_cmac(key, block);
    std::ranges::copy(part, seed.begin() + 16 * i);
  }
  return seed;
}

// Wipes `key`.
Result<PrivateKey> key_from(sgx::Key128& key, std::string_view label) {
  std::array<std::uint8_t, 48> seed = expand(key, label);
  auto made = PrivateKey::from_seed(seed);
  OPENSSL_cleanse(seed.data(), seed.size());
  OPENSSL_cleanse(key.data(), key.size());
  return made;
}

// Of the SVNs that are asked for: those of now, or zero for what no update changes.
enum class Svns { current, zero };

Result<sgx::Key128> get_key(const sgx::KeyLeaves& enclave, sgx::KeyName name, const sgx::ReportBody& self, Svns svns) {
  sgx::Keyrequest request{};
  request.keyname = static_cast<std::uint16_t>(name);
  if (name == sgx::KeyName::seal) request.keypolicy = sgx::kKeypolicyMrsigner;
  request.attributemask = {~std::uint64_t{0}, 0};
  if (svns == Svns::current) {
    sgx::copy_bytes(request.cpusvn, self.cpusvn);
    if (name == sgx::KeyName::seal) request.isvsvn = self.isvsvn;
  }
  const sgx::KeyOutcome outcome = enclave.egetkey(request);
  if (outcome.general_protection || outcome.error != sgx::ErrorCode::success)
    return Error(Errc::mismatch, "the simulated platform gave the quoting enclave no key");
  return outcome.key;
}

// A number that is this platform's for good. Wipes `key`.
std::array<std::uint8_t, 16> number_from(sgx::Key128& key, std::string_view label) {
  const auto number = sgx::aes_cmac(key, {reinterpret_cast<const std::uint8_t*>(label.data()), label.size()});
  OPENSSL_cleanse(key.data(), key.size());
  return number;
}

// The sealing key by MRSIGNER: the attestation key stays the same while platform and SVNs do.
Result<PrivateKey> attestation_key(const sgx::KeyLeaves& enclave, const sgx::ReportBody& self) {
  sgx::Key128 key = TRY(get_key(enclave, sgx::KeyName::seal, self, Svns::current));
  return key_from(key, "Cloister simulation attestation key");
}

// The PCE's key for this platform at these SVNs.
Result<PrivateKey> pck_private_key(const sgx::KeyLeaves& enclave, const sgx::ReportBody& self, std::uint16_t pcesvn) {
  sgx::Key128 root = TRY(get_key(enclave, sgx::KeyName::provision, self, Svns::current));
  OwnedBytes tcb(std::begin(self.cpusvn), std::end(self.cpusvn));
  append(tcb, pcesvn);
  sgx::Key128 key = sgx::aes_cmac(root, tcb);
  OPENSSL_cleanse(root.data(), root.size());
  return key_from(key, "Cloister simulation PCK");
}

Result<PckIdentity> platform_identity(const sgx::KeyLeaves& enclave, const sgx::ReportBody& self,
                                      std::uint16_t pcesvn) {
  sgx::Key128 key = TRY(get_key(enclave, sgx::KeyName::provision, self, Svns::zero));
  PckIdentity pck{};
  pck.ppid = number_from(key, "Cloister simulation PPID");
  std::ranges::copy(self.cpusvn, pck.components.begin());
  std::ranges::copy(self.cpusvn, pck.cpusvn.begin());
  pck.pcesvn = pcesvn;
  pck.fmspc = kFmspc;
  pck.sgx_type = SgxType::standard;
  return pck;
}

Result<OwnedBytes> make_pck_certificate(const Authority& authority, const PckIdentity& pck, const PrivateKey& key) {
  return make_certificate({.common_name = kPckName,
                           .issuer_common_name = kPckCaName,
                           .serial = pck_serial(pck),
                           .validity = authority.validity,
                           .path_length = std::nullopt,
                           .sgx_extension = make_pck_extension(pck)},
                          key, authority.pck_ca.key);
}

OwnedBytes pem_chain(std::initializer_list<const OwnedBytes*> certificates) {
  std::string text;
  for (const OwnedBytes* der : certificates) text += to_pem(*der, "CERTIFICATE");
  OwnedBytes bytes(text.begin(), text.end());
  bytes.push_back(0);
  return bytes;
}

std::array<std::uint8_t, kAuthenticationDataSize> authentication_data() {
  std::array<std::uint8_t, kAuthenticationDataSize> data;
  for (std::uint8_t i = 0; i < kAuthenticationDataSize; ++i) data[i] = i;
  return data;
}

}  // namespace

std::array<std::uint8_t, 20> pck_serial(const PckIdentity& pck) {
  OwnedBytes seed(pck.ppid.begin(), pck.ppid.end());
  append_bytes(seed, pck.cpusvn);
  append(seed, pck.pcesvn);
  return serial_of(seed);
}

Result<QuotingEnclave> QuotingEnclave::start(const Authority& authority, std::shared_ptr<const sgx::KeyLeaves> enclave,
                                             std::uint16_t pcesvn) {
  const sgx::KeyLeaves& leaves = *enclave;
  std::array<std::uint8_t, sgx::kReportdataSize> reportdata{};
  const sgx::ReportBody self = leaves.ereport(sgx::Targetinfo{}, reportdata).body;
  QuotingEnclave quoting(std::move(enclave), TRY(attestation_key(leaves, self)));
  quoting.pck_ = TRY(platform_identity(leaves, self, pcesvn));
  sgx::Key128 identity_key = TRY(get_key(leaves, sgx::KeyName::seal, self, Svns::zero));
  quoting.qe_id_ = number_from(identity_key, "Cloister simulation QE_ID");
  OwnedBytes bound;
  append_bytes(bound, quoting.attestation_key_.point());
  append_bytes(bound, authentication_data());
  quoting.key_id_ = sgx::sha256(bound);
  std::ranges::copy(quoting.key_id_, reportdata.begin());
  // The simulated PCE looks at this report and signs its body with the PCK key.
  quoting.report_body_ = leaves.ereport(sgx::Targetinfo{}, reportdata).body;
  OwnedBytes body;
  append(body, quoting.report_body_);
  const PrivateKey pck_key = TRY(pck_private_key(leaves, self, pcesvn));
  quoting.certification_ = TRY(pck_key.sign(sgx::sha256(body)));
  const OwnedBytes leaf = TRY(make_pck_certificate(authority, quoting.pck_, pck_key));
  quoting.certification_data_ = pem_chain({&leaf, &authority.pck_ca.certificate, &authority.root.certificate});
  return quoting;
}

std::size_t QuotingEnclave::quote_size() const {
  return sizeof(QuoteHeader) + sizeof(sgx::ReportBody) + 4 + 2 * kSignatureSize + kPointSize + sizeof(sgx::ReportBody) +
         2 + kAuthenticationDataSize + 2 + 4 + certification_data_.size();
}

Result<OwnedBytes> QuotingEnclave::quote(const sgx::Report& report) const {
  sgx::Keyrequest request{};
  request.keyname = static_cast<std::uint16_t>(sgx::KeyName::report);
  sgx::copy_bytes(request.keyid, report.keyid);
  sgx::KeyOutcome key = enclave_->egetkey(request);
  const bool holds =
      !key.general_protection && key.error == sgx::ErrorCode::success && sgx::check_report(report, key.key);
  OPENSSL_cleanse(key.key.data(), key.key.size());
  if (!holds)
    return Error(Errc::mismatch, "the report was not made on this platform for the simulated quoting enclave");
  QuoteHeader header{};
  header.version = 3;
  header.attestation_key_type = kAttestationKeyP256;
  header.qe_svn = report_body_.isvsvn;
  header.pce_svn = pck_.pcesvn;
  sgx::copy_bytes(header.qe_vendor_id, kIntelQeVendorId);
  std::ranges::copy(qe_id_, header.user_data);
  OwnedBytes quote;
  quote.reserve(quote_size());
  append(quote, header);
  append(quote, report.body);
  const Signature signature = TRY(attestation_key_.sign(sgx::sha256(quote)));
  const auto authentication = authentication_data();
  append(quote, static_cast<std::uint32_t>(quote_size() - quote.size() - 4));
  append_bytes(quote, signature);
  append_bytes(quote, attestation_key_.point());
  append(quote, report_body_);
  append_bytes(quote, certification_);
  append(quote, static_cast<std::uint16_t>(authentication.size()));
  append_bytes(quote, authentication);
  append(quote, static_cast<std::uint16_t>(CertificationType::pck_chain));
  append(quote, static_cast<std::uint32_t>(certification_data_.size()));
  append_bytes(quote, certification_data_);
  return quote;
}

sgx::Report QuotingEnclave::certify(std::span<const std::uint8_t, 16> nonce, Bytes quote,
                                    const sgx::Targetinfo& target) const {
  OwnedBytes bound(nonce.begin(), nonce.end());
  append_bytes(bound, quote);
  std::array<std::uint8_t, sgx::kReportdataSize> reportdata{};
  std::ranges::copy(sgx::sha256(bound), reportdata.begin());
  return enclave_->ereport(target, reportdata);
}

}  // namespace cloister::dcap::simulation
