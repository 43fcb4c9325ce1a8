// SPDX-License-Identifier: Apache-2.0
#include "src/cas/store/collateral_marks.h"
#include <limits>
#include "src/base/hex.h"

namespace cloister::cas {
namespace {

const char* tee_of(const dcap::EnclaveIdentity& identity) {
  return identity.id == dcap::EnclaveId::td_qe ? "tdx" : "sgx";
}

std::uint64_t number_of(const dcap::Crl& crl) {
  const Bytes digits = crl.number();
  if (digits.size() > sizeof(std::uint64_t)) return std::numeric_limits<std::uint64_t>::max();
  std::uint64_t number = 0;
  for (const std::uint8_t digit : digits) number = number << 8 | digit;
  return number;
}

}  // namespace

std::vector<CollateralMark> marks_of(const dcap::Collateral& collateral, const dcap::TrustAnchor& root) {
  const std::string root_text = to_hex(sgx::sha256(root.key.point()));
  std::vector<CollateralMark> marks;
  const auto add = [&](std::string document, dcap::UnixTime issued, std::uint64_t number) {
    marks.push_back({.root = root_text, .document = std::move(document), .issued = issued, .number = number});
  };
  if (const auto& info = collateral.tcb_info)
    add(std::string(info->is_tdx ? "tdx" : "sgx") + "/tcb-info/" + to_hex(info->fmspc), info->validity.from,
        info->tcb_evaluation_data_number);
  if (const auto& identity = collateral.qe_identity)
    add(std::string(tee_of(*identity)) + "/qe-identity", identity->validity.from, identity->tcb_evaluation_data_number);
  for (const auto& crl : {collateral.pck_crl, collateral.root_crl})
    if (crl) add("crl/" + to_hex(sgx::sha256(crl->issuer())), crl->validity().from, number_of(*crl));
  return marks;
}

std::vector<CollateralMark> judged_marks(const dcap::Collateral& collateral, const dcap::TrustAnchor& root,
                                         const dcap::Verdict& verdict) {
  if (!verdict.crl_in_force) return {};
  if (!verdict.error) return marks_of(collateral, root);
  if (verdict.status != dcap::TcbStatus::revoked) return {};
  dcap::Collateral lists;
  lists.pck_crl = collateral.pck_crl;
  lists.root_crl = collateral.root_crl;
  return marks_of(lists, root);
}

}  // namespace cloister::cas
