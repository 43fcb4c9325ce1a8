// SPDX-License-Identifier: Apache-2.0
#include "src/dcap/simulation/collateral.h"
#include <nlohmann/json.hpp>
#include "src/base/hex.h"

namespace cloister::dcap::simulation {
namespace {

using Json = nlohmann::ordered_json;
constexpr char kOutdatedAdvisory[] = "CLOISTER-SIMULATION-0001";

Json level(Json tcb, TcbStatus status, const CollateralOptions& options) {
  Json entry{{"tcb", std::move(tcb)}, {"tcbDate", iso_time(options.issued)}, {"tcbStatus", name(status)}};
  if (status != TcbStatus::up_to_date) entry["advisoryIDs"] = {kOutdatedAdvisory};
  return entry;
}

Json platform_level(std::uint8_t svn, std::uint16_t pcesvn, TcbStatus status, const CollateralOptions& options) {
  Json components = Json::array();
  for (int i = 0; i < 16; ++i) components.push_back({{"svn", svn}});
  return level({{"sgxtcbcomponents", components}, {"pcesvn", pcesvn}}, status, options);
}

Json tcb_info(const CollateralOptions& options) {
  Json levels = Json::array();
  levels.push_back(platform_level(options.tcb_level, options.pcesvn, TcbStatus::up_to_date, options));
  if (options.pcesvn > 0) levels.push_back(platform_level(options.tcb_level, 0, TcbStatus::out_of_date, options));
  if (options.tcb_level > 1) levels.push_back(platform_level(1, 0, TcbStatus::out_of_date, options));
  levels.push_back(platform_level(0, 0, TcbStatus::revoked, options));
  return {{"id", "SGX"},
          {"version", 3},
          {"issueDate", iso_time(options.issued)},
          {"nextUpdate", iso_time(options.issued + options.lifetime)},
          {"fmspc", to_hex(kFmspc)},
          {"pceId", "0000"},
          {"tcbType", 0},
          {"tcbEvaluationDataNumber", options.tcb_level},
          {"tcbLevels", levels}};
}

Json qe_identity(const CollateralOptions& options) {
  Json levels = Json::array();
  levels.push_back(level({{"isvsvn", options.qe_isvsvn}}, TcbStatus::up_to_date, options));
  if (options.qe_isvsvn > 1) levels.push_back(level({{"isvsvn", 1}}, TcbStatus::out_of_date, options));
  if (options.qe_isvsvn > 0) levels.push_back(level({{"isvsvn", 0}}, TcbStatus::revoked, options));
  return {{"id", "QE"},
          {"version", 2},
          {"issueDate", iso_time(options.issued)},
          {"nextUpdate", iso_time(options.issued + options.lifetime)},
          {"tcbEvaluationDataNumber", options.tcb_level},
          {"miscselect", "00000000"},
          {"miscselectMask", "ffffffff"},
          // INIT, MODE64BIT and PROVISIONKEY; whether DEBUG is set must match, XFRM must not.
          {"attributes", "15000000000000000000000000000000"},
          {"attributesMask", "ffffffffffffffff0000000000000000"},
          {"mrsigner", to_hex(options.qe_mrsigner)},
          {"isvprodid", kQeIsvprodid},
          {"tcbLevels", levels}};
}

Result<OwnedBytes> signed_document(const char* body_name, const Json& body, const PrivateKey& key) {
  const std::string text = body.dump();
  const auto signature = TRY(key.sign(sgx::sha256({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()})));
  const std::string document =
      std::string("{\"") + body_name + "\":" + text + ",\"signature\":\"" + to_hex(signature) + "\"}";
  return OwnedBytes(document.begin(), document.end());
}

}  // namespace

Result<CollateralFiles> make_collateral(const Authority& authority, const CollateralOptions& options) {
  if (options.tcb_level == 0) return Error(Errc::invalid, "the simulation's TCB levels begin with 1");
  const Validity validity{options.issued, options.issued + options.lifetime};
  const auto crl = [&](const Authority::Member& issuer, const char* issuer_name, const auto& revoked) {
    return make_crl(
        {.issuer_common_name = issuer_name, .validity = validity, .number = options.tcb_level, .revoked = revoked},
        issuer.key);
  };
  CollateralFiles files;
  const auto put = [&](CollateralKind kind, OwnedBytes bytes) { files[kind] = {std::move(bytes), "simulation"}; };
  const PrivateKey& signer = authority.tcb_signing.key;
  put(CollateralKind::tcb_info, TRY(signed_document("tcbInfo", tcb_info(options), signer)));
  put(CollateralKind::qe_identity, TRY(signed_document("enclaveIdentity", qe_identity(options), signer)));
  put(CollateralKind::pck_crl, TRY(crl(authority.pck_ca, kPckCaName, options.revoked)));
  put(CollateralKind::root_crl, TRY(crl(authority.root, kRootName, decltype(options.revoked){})));
  const auto chain = [&](const Authority::Member& member) {
    const std::string text =
        to_pem(member.certificate, "CERTIFICATE") + to_pem(authority.root.certificate, "CERTIFICATE");
    return OwnedBytes(text.begin(), text.end());
  };
  put(CollateralKind::tcb_signing, chain(authority.tcb_signing));
  put(CollateralKind::pck_ca, chain(authority.pck_ca));
  return files;
}

}  // namespace cloister::dcap::simulation
