// SPDX-License-Identifier: Apache-2.0
#include "src/dcap/verify.h"
#include <openssl/crypto.h>
#include <algorithm>
#include "src/base/public_key_info.h"
#include "src/dcap/chain.h"
#include "src/dcap/intel_keys.h"
#include "src/dcap/tcb_evaluation.h"

namespace cloister::dcap {
namespace {

bool says_simulation(const Certificate& certificate) {
  return certificate.common_name().find("simulation") != std::string_view::npos;
}

Error refused(const char* what) { return Error(Errc::mismatch, what); }

Error refuse_certification_type(CertificationType type) {
  switch (type) {
    case CertificationType::ppid_plain:
      return Error(Errc::unsupported,
                   "certification data type 1 (plain PPID) is not served: it has no PCK certificate");
    case CertificationType::ppid_rsa_2048:
      return Error(Errc::unsupported,
                   "certification data type 2 (PPID encrypted with RSA-2048) is not served: it has no PCK certificate");
    case CertificationType::ppid_rsa_3072:
      return Error(Errc::unsupported,
                   "certification data type 3 (PPID encrypted with RSA-3072) is not served: it has no PCK certificate");
    case CertificationType::pck_certificate:
      return Error(Errc::unsupported,
                   "certification data type 4 (PCK leaf certificate) is not served: it has no chain");
    case CertificationType::qe_report:
      return Error(Errc::unsupported, "certification data type 6 (QE report) is not served inside another of its type");
    case CertificationType::platform_manifest:
      return Error(Errc::unsupported, "certification data type 7 (platform manifest) is not served");
    default: return Error(Errc::unsupported, "certification data of an unknown type is not served");
  }
}

PartVerdict part(const TcbLevel* level) {
  if (!level) return {};
  return {level->status, level->date, level->advisories};
}
PartVerdict part(const IsvsvnLevel* level) {
  if (!level) return {};
  return {level->status, level->date, level->advisories};
}

// Who signed TCB info and QE identity.
struct TcbSigner {
  P256Key key;
  Bytes serial;
};

// One verification. Each step adds to the verdict what it found out, or returns why the quote is refused.
class Verification {
 public:
  Verification(const Quote& quote, const Collateral& collateral, const TrustAnchor& root, UnixTime time, Cache& cache,
               Verdict& verdict)
      : quote_(quote), collateral_(collateral), root_(root), time_(time), cache_(cache), verdict_(verdict) {}

  Result<void> run();

 private:
  Result<void> check_revocations(const ChainChecks& checks, const PckChain& chain);
  Result<TcbSigner> find_tcb_signer(const ChainChecks& checks, const PckChain& chain) const;
  Result<void> check_tcb_info(const P256Key& signer, const PckIdentity& pck) const;
  Result<void> check_identity(const P256Key& signer) const;
  Result<void> check_signatures(const PckChain& chain) const;
  void evaluate(const PckIdentity& pck);

  const Quote& quote_;
  const Collateral& collateral_;
  const TrustAnchor& root_;
  const UnixTime time_;
  Cache& cache_;
  Verdict& verdict_;
};

Result<void> Verification::run() {
  if (quote_.certification_type != CertificationType::pck_chain)
    return refuse_certification_type(quote_.certification_type);
  const PckChainPointer chain = TRY(cache_.pck_chain(quote_.certification_data));
  verdict_.simulation = verdict_.simulation || says_simulation(chain->root);
  verdict_.pck = chain->pck;
  const ChainChecks checks(cache_, root_.key, time_);
  TRY(checks.pck_chain(*chain));
  if (collateral_.pck_ca) TRY(checks.named_pck_ca(*collateral_.pck_ca, *chain));
  TRY(check_revocations(checks, *chain));
  const TcbSigner signer = TRY(find_tcb_signer(checks, *chain));
  if (collateral_.root_crl && collateral_.root_crl->revokes(signer.serial))
    return refused("the TCB signing certificate is revoked by the root CA");
  TRY(check_tcb_info(signer.key, chain->pck));
  TRY(check_identity(signer.key));
  TRY(check_signatures(*chain));
  evaluate(chain->pck);
  return {};
}

// Lists that are out of force still revoke what they name. That they are out of force does not end the verification:
// the verdict says what it would be, and why it is none.
Result<void> Verification::check_revocations(const ChainChecks& checks, const PckChain& chain) {
  const CrlPointer& root_crl = collateral_.root_crl;
  const CrlPointer& pck_crl = collateral_.pck_crl;
  if (root_crl) TRY(checks.root_crl(*root_crl, chain.root));
  if (pck_crl) TRY(checks.pck_crl(*pck_crl, chain.intermediate));
  verdict_.crl_in_force = root_crl && pck_crl;
  const std::pair<const CrlPointer&, DateProblems> dated[] = {
      {root_crl, {"the root CA CRL is expired", "the root CA CRL was issued in the future"}},
      {pck_crl, {"the PCK CRL is expired", "the PCK CRL was issued in the future"}}};
  for (const auto& [crl, problems] : dated) {
    if (!crl) continue;
    const auto dates = check_dates(crl->validity(), time_, problems);
    if (dates.ok()) continue;
    verdict_.crl_in_force = false;
    if (!verdict_.error) verdict_.error = dates.error();
  }
  if (root_crl && root_crl->revokes(chain.intermediate.serial())) {
    verdict_.status = TcbStatus::revoked;
    return refused("the PCK CA certificate is revoked by the root CA");
  }
  if (pck_crl && pck_crl->revokes(chain.leaf.serial())) {
    verdict_.status = TcbStatus::revoked;
    return refused("the PCK certificate is revoked by its CA");
  }
  return {};
}

Result<TcbSigner> Verification::find_tcb_signer(const ChainChecks& checks, const PckChain& chain) const {
  if (collateral_.tcb_signing) {
    const Certificate* const signer = TRY(checks.tcb_signer(*collateral_.tcb_signing, chain.root));
    return TcbSigner{signer->key(), signer->serial()};
  }
  if (!root_.knows_its_tcb_signer())
    return refused("there is no TCB signing certificate for the TCB info and QE identity");
  TRY(check_dates(kIntelTcbSigningValidity, time_,
                  {"the TCB signing certificate is expired", "the TCB signing certificate was issued in the future"}));
  return TcbSigner{TRY(P256Key::from_point(kIntelTcbSigningKey)), kIntelTcbSigningSerial};
}

Result<void> Verification::check_tcb_info(const P256Key& signer, const PckIdentity& pck) const {
  const TcbInfo& info = *collateral_.tcb_info;
  if (!cache_.verify(signer, info.signed_part.digest, info.signed_part.signature))
    return refused("the TCB info's signature does not verify");
  if (info.version < 2) return Error(Errc::unsupported, "TCB info version 1 is not served any more");
  TRY(check_dates(info.validity, time_, {"the TCB info is expired", "the TCB info was issued in the future"}));
  if (info.is_tdx != quote_.is_tdx()) return refused("TCB info mismatch: it is for the other TEE (SGX, TDX)");
  if (info.fmspc != pck.fmspc) return refused("TCB info mismatch: its FMSPC is not that of the PCK certificate");
  if (info.pceid != pck.pceid) return refused("TCB info mismatch: its PCEID is not that of the PCK certificate");
  if (const TdReport10* const report = td_report(quote_.body)) return check_tdx_module(*report, info);
  return {};
}

Result<void> Verification::check_identity(const P256Key& signer) const {
  const EnclaveIdentity& identity = *collateral_.qe_identity;
  if (!cache_.verify(signer, identity.signed_part.digest, identity.signed_part.signature))
    return refused("the QE identity's signature does not verify");
  if (identity.version < 2) return Error(Errc::unsupported, "QE identity version 1 is not served any more");
  TRY(check_dates(identity.validity, time_,
                  {"the QE identity is expired", "the QE identity was issued in the future"}));
  if (identity.id != (quote_.is_tdx() ? EnclaveId::td_qe : EnclaveId::qe))
    return refused("QE identity mismatch: it is not of the quoting enclave for this TEE (QE, TD_QE)");
  if (!match_enclave(identity, quote_.qe_report).ok())
    return refused("QE identity mismatch: the QE report is not of the enclave that it describes");
  return {};
}

// PCK certificate, QE report, attestation key, quote: each vouches for the next.
Result<void> Verification::check_signatures(const PckChain& chain) const {
  if (!chain.leaf.key().verify(sgx::sha256(quote_.qe_report_bytes), quote_.qe_report_signature))
    return refused("the QE report's signature does not verify");
  OwnedBytes bound(quote_.attestation_key_bytes.begin(), quote_.attestation_key_bytes.end());
  bound.insert(bound.end(), quote_.qe_authentication_data.begin(), quote_.qe_authentication_data.end());
  std::array<std::uint8_t, sgx::kReportdataSize> expected{};
  std::ranges::copy(sgx::sha256(bound), expected.begin());
  if (CRYPTO_memcmp(expected.data(), quote_.qe_report.reportdata, expected.size()) != 0)
    return refused("the QE report's data is not the hash of attestation key and authentication data");
  const auto key = P256Key::from_point(quote_.attestation_key);
  if (!key.ok()) return refused("the attestation key is not a point of P-256");
  if (!key.value().verify(sgx::sha256(quote_.signed_bytes), quote_.signature))
    return refused("the quote's signature does not verify");
  return {};
}

void Verification::evaluate(const PckIdentity& pck) {
  const TcbEvaluation result = evaluate_tcb(pck, quote_, *collateral_.tcb_info, *collateral_.qe_identity);
  verdict_.status = result.status;
  verdict_.platform = part(result.platform);
  if (result.platform) verdict_.matched_level = result.platform->index;
  verdict_.qe = part(result.qe);
  if (result.has_module) verdict_.tdx_module = part(result.module);
  verdict_.tcb_evaluation_data_number = collateral_.tcb_info->tcb_evaluation_data_number;
}

}  // namespace

Result<TrustAnchor> TrustAnchor::from_certificate(const Certificate& certificate) {
  if (!certificate.is_ca() || !certificate.names_itself())
    return Error(Errc::invalid, "not the certificate of a root CA");
  return TrustAnchor{certificate.key(), says_simulation(certificate)};
}

bool TrustAnchor::is_intels() const { return key.point() == kIntelRootKey; }

bool TrustAnchor::knows_its_tcb_signer() const { return is_intels(); }

Digest TrustAnchor::key_hash() const {
  OwnedBytes spki(std::begin(kP256KeyPrefix), std::end(kP256KeyPrefix));
  spki.insert(spki.end(), key.point().begin(), key.point().end());
  return sgx::sha256(spki);
}

Judgement Verified<Quote>::judge(const Quote& quote, const Collateral& collateral, const TrustAnchor& root,
                                 UnixTime time, Cache& cache) {
  Judgement judgement{};
  Verdict& verdict = judgement.verdict;
  verdict.time = time;
  verdict.simulation = root.simulation;
  const auto outcome = Verification(quote, collateral, root, time, cache, verdict).run();
  if (!outcome.ok()) verdict.error = outcome.error();
  const bool releasable = !verdict.error && verdict.crl_in_force && verdict.status != TcbStatus::revoked &&
                          verdict.status != TcbStatus::not_supported;
  if (releasable) judgement.verified = Verified(quote, verdict, root);
  return judgement;
}

}  // namespace cloister::dcap
