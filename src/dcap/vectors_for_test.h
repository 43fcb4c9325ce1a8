// SPDX-License-Identifier: Apache-2.0
// Real quotes and collateral from beside the source tree (src/sgx/vectors_for_test.h says where). Tests, benchmarks and
// fuzzing seeds only.
#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include "src/dcap/verify.h"
#include "src/sgx/vectors_for_test.h"

namespace cloister::dcap {

inline OwnedBytes vector_bytes(const std::string& path) { return sgx::read_bytes(sgx::vectors_directory() / path); }

inline nlohmann::json vector_json(const std::string& path) { return nlohmann::json::parse(vector_bytes(path)); }

// The files that one of cases.json's entries names, parsed; files that it does not name stay null.
struct VectorCase {
  OwnedBytes quote_bytes;
  Quote quote;
  Collateral collateral;
  UnixTime time;
};

inline std::string named(const nlohmann::json& entry, const char* name, const char* otherwise = "") {
  return entry.contains(name) && entry[name].is_string() ? entry[name].get<std::string>() : otherwise;
}

inline VectorCase load_case(const nlohmann::json& entry, Cache& cache) {
  VectorCase loaded{
      .quote_bytes = vector_bytes(entry["quote"]), .quote = {}, .collateral = {}, .time = entry["time_unix"]};
  loaded.quote = parse_quote(loaded.quote_bytes).value();
  Collateral& collateral = loaded.collateral;
  collateral.tcb_info = cache.tcb_info(vector_bytes(entry["tcb_info"])).value();
  collateral.qe_identity = cache.identity(vector_bytes(entry["qe_identity"])).value();
  if (const auto path = named(entry, "pck_crl"); !path.empty())
    collateral.pck_crl = cache.crl(vector_bytes(path)).value();
  if (const auto path = named(entry, "root_ca_crl"); !path.empty())
    collateral.root_crl = cache.crl(vector_bytes(path)).value();
  if (const auto path = named(entry, "pck_ca_cert"); !path.empty())
    collateral.pck_ca = cache.certificates(vector_bytes(path)).value();
  const std::string signer = named(entry, "tcb_signing_cert", "collateral/certs/Intel_SGX_TCB_Signing-2018-2025.pem");
  collateral.tcb_signing = cache.certificates(vector_bytes(signer)).value();
  return loaded;
}

inline TrustAnchor load_anchor(const std::string& path) {
  return TrustAnchor::from_certificate(parse_certificates(vector_bytes(path)).value()[0]).value();
}
inline TrustAnchor intel_root() { return load_anchor("collateral/certs/Intel_SGX_Root_CA.pem"); }

}  // namespace cloister::dcap
