// SPDX-License-Identifier: Apache-2.0
#include "src/las/server/pccs_answers.h"
#include <algorithm>
#include <map>
#include "src/base/hex.h"
#include "src/https/url.h"

namespace cloister::las {
namespace {
using dcap::CollateralKind;

constexpr char kJson[] = "application/json", kCrl[] = "application/pkix-crl";

std::map<std::string, std::string> query_of(const std::string& text) {
  std::map<std::string, std::string> query;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('&', at), text.size());
    const std::string pair = text.substr(at, end - at);
    const std::size_t equals = std::min(pair.find('='), pair.size());
    query.emplace(pair.substr(0, equals), pair.substr(std::min(equals + 1, pair.size())));
    at = end + 1;
  }
  return query;
}

std::string header_text(const dcap::OwnedBytes& bytes) {
  return https::percent_encoded({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

PccsAnswer nothing(unsigned status) { return {status, {}, {}}; }

PccsAnswer document(const dcap::CollateralFiles& files, CollateralKind kind, const char* chain_header,
                    CollateralKind chain) {
  PccsAnswer answer{200, {{"Content-Type", kJson}}, files[kind].bytes};
  answer.headers.emplace_back(chain_header, header_text(files[chain].bytes));
  return answer;
}

// A PCCS sends CRLs as hexadecimal text unless it is asked for DER.
PccsAnswer crl(const dcap::CollateralFiles& files, CollateralKind kind, const std::string& encoding) {
  PccsAnswer answer{200, {{"Content-Type", kCrl}}, files[kind].bytes};
  if (encoding == "der") return answer;
  const std::string text = to_hex(answer.body);
  answer.body.assign(text.begin(), text.end());
  return answer;
}
}  // namespace

PccsAnswer pccs_answer(const std::string& target, const dcap::CollateralFiles& files,
                       const dcap::CollateralRequest& have) {
  const std::size_t question = std::min(target.find('?'), target.size());
  std::string path = target.substr(0, question);
  auto query = query_of(target.substr(std::min(question + 1, target.size())));
  constexpr std::string_view kApis[] = {"/sgx/certification/v4/", "/sgx/certification/v3/"};
  const auto* const api =
      std::ranges::find_if(kApis, [&](std::string_view prefix) { return path.starts_with(prefix); });
  if (api == std::end(kApis)) return nothing(404);
  path.erase(0, api->size());
  if (path == "tcb") {
    const auto fmspc = from_hex(query["fmspc"]);
    if (!fmspc.ok() || fmspc.value().size() != have.fmspc.size()) return nothing(400);
    if (!std::ranges::equal(fmspc.value(), have.fmspc)) return nothing(404);
    return document(files, CollateralKind::tcb_info, "TCB-Info-Issuer-Chain", CollateralKind::tcb_signing);
  }
  if (path == "qe/identity")
    return document(files, CollateralKind::qe_identity, "SGX-Enclave-Identity-Issuer-Chain",
                    CollateralKind::tcb_signing);
  if (path == "pckcrl") {
    const std::string ca = query["ca"];
    if (ca != "platform" && ca != "processor") return nothing(400);
    if ((ca == "platform") != have.platform_ca) return nothing(404);
    PccsAnswer answer = crl(files, CollateralKind::pck_crl, query["encoding"]);
    answer.headers.emplace_back("SGX-PCK-CRL-Issuer-Chain", header_text(files[CollateralKind::pck_ca].bytes));
    return answer;
  }
  if (path == "rootcacrl") return crl(files, CollateralKind::root_crl, query["encoding"]);
  return nothing(404);
}

}  // namespace cloister::las
