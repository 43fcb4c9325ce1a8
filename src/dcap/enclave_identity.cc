// SPDX-License-Identifier: Apache-2.0
#include "src/dcap/enclave_identity.h"
#include "src/dcap/isvsvn_levels.h"
#include "src/dcap/signed_json.h"

namespace cloister::dcap {
namespace {

constexpr std::pair<std::string_view, EnclaveId> kIds[] = {
    {"QE", EnclaveId::qe}, {"TD_QE", EnclaveId::td_qe}, {"QVE", EnclaveId::qve}, {"QAE", EnclaveId::qae}};

std::uint32_t as_number(const std::array<std::uint8_t, 4>& bytes) {
  return static_cast<std::uint32_t>(bytes[0] | bytes[1] << 8 | bytes[2] << 16) | static_cast<std::uint32_t>(bytes[3])
                                                                                     << 24;
}

Result<void> parse_version_2(const JsonFields& fields, EnclaveIdentity& identity) {
  const std::string_view id = TRY(fields.text<"id">());
  const auto* const known = std::ranges::find(kIds, id, [](const auto& entry) { return entry.first; });
  if (known == std::end(kIds)) return Error(Errc::unsupported, "the identity is of none of QE, TD_QE, QVE and QAE");
  identity.id = known->second;
  identity.tcb_evaluation_data_number = TRY(fields.number<"tcbEvaluationDataNumber">(UINT32_MAX));
  identity.levels = TRY(parse_isvsvn_levels(fields));
  return {};
}

Result<EnclaveIdentity> parse_body(const JsonFields& fields) {
  EnclaveIdentity identity{};
  identity.version = TRY(fields.number<"version">(UINT32_MAX));
  if (identity.version < 1 || identity.version > 2)
    return Error(Errc::unsupported, "the enclave identity's version is not 2");
  if (identity.version == 2) TRY(parse_version_2(fields, identity));
  identity.validity.from = TRY(fields.date<"issueDate">());
  identity.validity.until = TRY(fields.date<"nextUpdate">());
  identity.miscselect = as_number(TRY((fields.hex<"miscselect", 4>())));
  identity.miscselect_mask = as_number(TRY((fields.hex<"miscselectMask", 4>())));
  identity.attributes = TRY((fields.hex<"attributes", 16>()));
  identity.attributes_mask = TRY((fields.hex<"attributesMask", 16>()));
  identity.mrsigner = TRY((fields.hex<"mrsigner", 32>()));
  identity.isvprodid = static_cast<std::uint16_t>(TRY(fields.number<"isvprodid">(65535)));
  if (identity.version == 1)
    identity.levels.push_back({.isvsvn = static_cast<std::uint16_t>(TRY(fields.number<"isvsvn">(65535))),
                               .status = TcbStatus::not_supported,
                               .date = 0,
                               .advisories = {}});
  return identity;
}

// Version 1 had another name for its body. The error with the present name is the one worth telling.
Result<SignedJson> split_any(Bytes file) {
  auto document = split_signed_json(file, "enclaveIdentity");
  if (document.ok()) return document;
  auto old = split_signed_json(file, "qeIdentity");
  if (old.ok()) return old;
  return document;
}

}  // namespace

Result<EnclaveIdentity> parse_enclave_identity(Bytes file) {
  const SignedJson document = TRY(split_any(file));
  const nlohmann::json body = TRY(parse_json(document.body));
  EnclaveIdentity identity = TRY(parse_body(JsonFields(body)));
  identity.signed_part = {
      sgx::sha256({reinterpret_cast<const std::uint8_t*>(document.body.data()), document.body.size()}),
      document.signature};
  return identity;
}

Result<void> match_enclave(const EnclaveIdentity& identity, const sgx::ReportBody& report) {
  if ((report.miscselect & identity.miscselect_mask) != identity.miscselect)
    return Error(Errc::mismatch, "MISCSELECT is not that of the enclave identity");
  std::array<std::uint8_t, 16> attributes;
  std::memcpy(attributes.data(), &report.attributes, attributes.size());
  for (std::size_t i = 0; i < attributes.size(); ++i) attributes[i] &= identity.attributes_mask[i];
  if (attributes != identity.attributes)
    return Error(Errc::mismatch, "ATTRIBUTES are not those of the enclave identity");
  if (!std::ranges::equal(report.mrsigner, identity.mrsigner))
    return Error(Errc::mismatch, "MRSIGNER is not that of the enclave identity");
  if (report.isvprodid != identity.isvprodid)
    return Error(Errc::mismatch, "ISVPRODID is not that of the enclave identity");
  return {};
}

const IsvsvnLevel* find_level(const EnclaveIdentity& identity, const sgx::ReportBody& report) {
  return find_level(identity.levels, report.isvsvn);
}

}  // namespace cloister::dcap
