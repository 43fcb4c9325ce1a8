// SPDX-License-Identifier: Apache-2.0
#include "src/dcap/simulation/quoting_enclave.h"
#include <openssl/crypto.h>
#include <algorithm>
#include <cstring>
#include "src/sgx/bytes.h"

namespace cloister::dcap::simulation {
namespace {

constexpr std::uint8_t kAuthenticationDataSize = 32;  // 00 01 … 1f, as Intel's quoting enclave has it

Digest hash_of(std::string_view text) {
  return sgx::sha256({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

template <typename Struct>
void append(OwnedBytes& to, const Struct& value) {
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(&value);
  to.insert(to.end(), bytes, bytes + sizeof value);
}
void append_bytes(OwnedBytes& to, Bytes bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

sgx::Secs qe_secs(const PlatformSvns& svns) {
  sgx::Secs secs{};
  secs.attributes = {sgx::kAttributeInit | sgx::kAttributeMode64Bit | sgx::kAttributeProvisionKey, sgx::kXfrmLegacy};
  const Digest mrenclave = hash_of("Cloister simulated quoting enclave"), mrsigner = qe_mrsigner();
  sgx::copy_bytes(secs.mrenclave, std::span(mrenclave));
  sgx::copy_bytes(secs.mrsigner, std::span(mrsigner));
  secs.isvprodid = kQeIsvprodid;
  secs.isvsvn = svns.qe_isvsvn;
  return secs;
}

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

// The quoting enclave's sealing key by MRSIGNER: the attestation key stays the same while platform and SVNs do.
Result<PrivateKey> attestation_key(const sgx::Platform& platform, const sgx::Secs& secs) {
  sgx::Keyrequest request{};
  request.keyname = static_cast<std::uint16_t>(sgx::KeyName::seal);
  request.keypolicy = sgx::kKeypolicyMrsigner;
  request.isvsvn = secs.isvsvn;
  sgx::copy_bytes(request.cpusvn, std::span(platform.cpusvn));
  sgx::KeyOutcome outcome = sgx::egetkey(platform, secs, request);
  if (outcome.general_protection || outcome.error != sgx::ErrorCode::success)
    return Error(Errc::mismatch, "the simulated platform gave the quoting enclave no key");
  return key_from(outcome.key, "Cloister simulation attestation key");
}

// A MAC under the fuse key, which neither CPUSVN nor software changes.
std::array<std::uint8_t, 16> fuse_mac(const sgx::Platform& platform, std::string_view label) {
  return sgx::aes_cmac(platform.fuse_key, {reinterpret_cast<const std::uint8_t*>(label.data()), label.size()});
}

// The PCE's key for this platform at these SVNs.
Result<PrivateKey> pck_private_key(const sgx::Platform& platform, const PlatformSvns& svns) {
  sgx::Key128 root = fuse_mac(platform, "Cloister simulation PCE");
  OwnedBytes tcb(platform.cpusvn.begin(), platform.cpusvn.end());
  append(tcb, svns.pcesvn);
  sgx::Key128 key = sgx::aes_cmac(root, tcb);
  OPENSSL_cleanse(root.data(), root.size());
  return key_from(key, "Cloister simulation PCK");
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

std::array<std::uint8_t, 32> qe_mrsigner() { return hash_of("Cloister simulation"); }

PckIdentity platform_identity(const sgx::Platform& platform, const PlatformSvns& svns) {
  PckIdentity pck{};
  pck.ppid = fuse_mac(platform, "Cloister simulation PPID");
  pck.components = platform.cpusvn;
  pck.pcesvn = svns.pcesvn;
  pck.cpusvn = platform.cpusvn;
  pck.fmspc = kFmspc;
  pck.sgx_type = SgxType::standard;
  return pck;
}

std::array<std::uint8_t, 20> pck_serial(const PckIdentity& pck) {
  OwnedBytes seed(pck.ppid.begin(), pck.ppid.end());
  append_bytes(seed, pck.cpusvn);
  append(seed, pck.pcesvn);
  return serial_of(seed);
}

Result<QuotingEnclave> QuotingEnclave::start(const Authority& authority, const sgx::Platform& platform,
                                             const PlatformSvns& svns) {
  const sgx::Secs secs = qe_secs(svns);
  QuotingEnclave enclave(platform, TRY(attestation_key(platform, secs)));
  enclave.secs_ = secs;
  enclave.pck_ = platform_identity(platform, svns);
  enclave.pcesvn_ = svns.pcesvn;
  enclave.qe_id_ = fuse_mac(platform, "Cloister simulation QE_ID");
  OwnedBytes bound;
  append_bytes(bound, enclave.attestation_key_.point());
  append_bytes(bound, authentication_data());
  enclave.key_id_ = sgx::sha256(bound);
  std::array<std::uint8_t, sgx::kReportdataSize> reportdata{};
  std::ranges::copy(enclave.key_id_, reportdata.begin());
  // The simulated PCE looks at this report and signs its body with the PCK key.
  enclave.report_body_ = sgx::ereport(platform, secs, sgx::Targetinfo{}, reportdata).body;
  OwnedBytes body;
  append(body, enclave.report_body_);
  const PrivateKey pck_key = TRY(pck_private_key(platform, svns));
  enclave.certification_ = TRY(pck_key.sign(sgx::sha256(body)));
  const OwnedBytes leaf = TRY(make_pck_certificate(authority, enclave.pck_, pck_key));
  enclave.certification_data_ = pem_chain({&leaf, &authority.pck_ca.certificate, &authority.root.certificate});
  return enclave;
}

QuotingEnclave::~QuotingEnclave() { OPENSSL_cleanse(&platform_, sizeof platform_); }

std::size_t QuotingEnclave::quote_size() const {
  return sizeof(QuoteHeader) + sizeof(sgx::ReportBody) + 4 + 2 * kSignatureSize + kPointSize + sizeof(sgx::ReportBody) +
         2 + kAuthenticationDataSize + 2 + 4 + certification_data_.size();
}

Result<OwnedBytes> QuotingEnclave::quote(const sgx::Report& report) const {
  sgx::Key128 key = sgx::report_key(platform_, targetinfo(), report.keyid);
  const bool holds = sgx::check_report(report, key);
  OPENSSL_cleanse(key.data(), key.size());
  if (!holds)
    return Error(Errc::mismatch, "the report was not made on this platform for the simulated quoting enclave");
  QuoteHeader header{};
  header.version = 3;
  header.attestation_key_type = kAttestationKeyP256;
  header.qe_svn = secs_.isvsvn;
  header.pce_svn = pcesvn_;
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
  return sgx::ereport(platform_, secs_, target, reportdata);
}

}  // namespace cloister::dcap::simulation
