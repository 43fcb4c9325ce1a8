// SPDX-License-Identifier: Apache-2.0
#include "src/dcap/collateral_files.h"
#include "src/dcap/signed_json.h"

namespace cloister::dcap {

const char* name(CollateralKind kind) {
  switch (kind) {
    case CollateralKind::tcb_info: return "TCB info";
    case CollateralKind::qe_identity: return "QE identity";
    case CollateralKind::pck_crl: return "PCK CRL";
    case CollateralKind::root_crl: return "root CA CRL";
    case CollateralKind::tcb_signing: return "TCB signing certificate";
    case CollateralKind::pck_ca: return "PCK CA certificate";
  }
  return "unknown";
}

std::size_t size_limit(CollateralKind kind) {
  switch (kind) {
    case CollateralKind::tcb_info:
    case CollateralKind::qe_identity: return kSignedJsonSizeLimit;
    case CollateralKind::pck_crl:
    case CollateralKind::root_crl: return 2 * kCrlSizeLimit;  // in hexadecimal
    default: return 4 * kCertificateSizeLimit;                // a chain in PEM
  }
}

Result<Collateral> parse_collateral(const CollateralFiles& files, Cache& cache, CollateralKind& culprit) {
  Collateral collateral;
  const auto next = [&](CollateralKind kind) {
    culprit = kind;
    return Bytes(files[kind].bytes);
  };
  for (const CollateralKind needed : {CollateralKind::tcb_info, CollateralKind::qe_identity}) {
    if (next(needed).empty()) return Error(Errc::invalid, "there is none");
  }
  collateral.tcb_info = TRY(cache.tcb_info(next(CollateralKind::tcb_info)));
  collateral.qe_identity = TRY(cache.identity(next(CollateralKind::qe_identity)));
  if (const Bytes file = next(CollateralKind::tcb_signing); !file.empty())
    collateral.tcb_signing = TRY(cache.certificates(file));
  if (const Bytes file = next(CollateralKind::pck_crl); !file.empty()) collateral.pck_crl = TRY(cache.crl(file));
  if (const Bytes file = next(CollateralKind::root_crl); !file.empty()) collateral.root_crl = TRY(cache.crl(file));
  if (const Bytes file = next(CollateralKind::pck_ca); !file.empty()) collateral.pck_ca = TRY(cache.certificates(file));
  return collateral;
}

Result<CollateralRequest> collateral_request(const Quote& quote, Cache& cache) {
  if (quote.certification_type != CertificationType::pck_chain)
    return Error(Errc::unsupported,
                 "without a PCK certificate chain in the quote nobody knows what collateral it needs");
  const PckChainPointer chain = TRY(cache.pck_chain(quote.certification_data));
  const bool platform = chain->intermediate.common_name().find("Platform") != std::string_view::npos;
  return CollateralRequest{.tdx = quote.is_tdx(), .fmspc = chain->pck.fmspc, .platform_ca = platform};
}

}  // namespace cloister::dcap
