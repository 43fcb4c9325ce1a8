// SPDX-License-Identifier: Apache-2.0
#include "src/dcap/inspect.h"
#include "src/base/hex.h"
#include "src/dcap/pck_chain.h"
#include "src/sgx/attribute_names.h"

namespace cloister::dcap {
namespace {

using Fields = nlohmann::ordered_json;

std::uint64_t as_number(const std::uint8_t (&bytes)[8]) {
  std::uint64_t number;
  std::memcpy(&number, bytes, sizeof number);
  return number;
}

std::string attributes_hex(const sgx::Attributes& attributes) {
  return to_hex({reinterpret_cast<const std::uint8_t*>(&attributes), sizeof attributes});
}

Fields report_fields(const sgx::ReportBody& report) {
  return {{"cpusvn", to_hex(report.cpusvn)},
          {"miscselect", report.miscselect},
          {"miscselect_names", sgx::miscselect_names(report.miscselect)},
          {"cet_attributes", report.cet_attributes},
          {"isvextprodid", to_hex(report.isvextprodid)},
          {"attributes", attributes_hex(report.attributes)},
          {"attributes_flags", sgx::attribute_flag_names(report.attributes.flags)},
          {"debug", (report.attributes.flags & sgx::kAttributeDebug) != 0},
          {"kss", (report.attributes.flags & sgx::kAttributeKss) != 0},
          {"xfrm", sgx::xfrm_names(report.attributes.xfrm)},
          {"mrenclave", to_hex(report.mrenclave)},
          {"mrsigner", to_hex(report.mrsigner)},
          {"configid", to_hex(report.configid)},
          {"isvprodid", report.isvprodid},
          {"isvsvn", report.isvsvn},
          {"configsvn", report.configsvn},
          {"isvfamilyid", to_hex(report.isvfamilyid)},
          {"reportdata", to_hex(report.reportdata)}};
}

constexpr sgx::BitName kTdAttributes[] = {{kTdDebug, "DEBUG"},           {kTdSeptVeDisable, "SEPT_VE_DISABLE"},
                                          {kTdMigratable, "MIGRATABLE"}, {kTdPks, "PKS"},
                                          {kTdKeyLocker, "KL"},          {kTdPerfmon, "PERFMON"}};

Fields td_fields(const TdReport10& report, const TdReport15* report15) {
  const std::uint64_t attributes = as_number(report.tdattributes);
  Fields fields{{"tee_tcb_svn", to_hex(report.tee_tcb_svn)},
                {"mrseam", to_hex(report.mrseam)},
                {"mrsignerseam", to_hex(report.mrsignerseam)},
                {"seamattr", to_hex(report.seamattributes)},
                {"tdattr", to_hex(report.tdattributes)},
                {"tdattr_flags", sgx::bit_names(attributes, kTdAttributes)},
                {"debug", (attributes & kTdDebug) != 0},
                {"xfam", to_hex(report.xfam)},
                {"xfam_names", sgx::xfrm_names(as_number(report.xfam))},
                {"mrtd", to_hex(report.mrtd)},
                {"mrconfigid", to_hex(report.mrconfigid)},
                {"mrowner", to_hex(report.mrowner)},
                {"mrownerconfig", to_hex(report.mrownerconfig)}};
  for (std::size_t i = 0; i < std::size(report.rtmr); ++i) fields["rtmr" + std::to_string(i)] = to_hex(report.rtmr[i]);
  fields["reportdata"] = to_hex(report.reportdata);
  if (report15) {
    fields["tee_tcb_svn2"] = to_hex(report15->tee_tcb_svn2);
    fields["mrservicetd"] = to_hex(report15->mrservicetd);
  }
  return fields;
}

Fields body_fields(const QuoteBody& body) {
  if (const auto* report = std::get_if<sgx::ReportBody>(&body)) return report_fields(*report);
  return td_fields(*td_report(body), std::get_if<TdReport15>(&body));
}

template <typename Bytes>
Fields hex_or_nothing(const std::optional<Bytes>& bytes) {
  return bytes ? Fields(to_hex(*bytes)) : Fields();
}
Fields or_nothing(const std::optional<bool>& value) { return value ? Fields(*value) : Fields(); }

Fields pck_fields(const PckChain& chain) {
  const PckIdentity& pck = chain.pck;
  const auto issuer = find_common_name(chain.leaf.issuer());
  return {{"issuer", std::string(issuer.ok() ? issuer.value() : "")},
          {"serial", to_hex(chain.leaf.serial())},
          {"not_before", iso_time(chain.leaf.validity().from)},
          {"not_after", iso_time(chain.leaf.validity().until)},
          {"root", std::string(chain.root.common_name())},
          {"root_sha256", to_hex(sgx::sha256(chain.root.der()))},
          {"ppid", to_hex(pck.ppid)},
          {"svns", std::vector<int>(pck.components.begin(), pck.components.end())},
          {"pcesvn", pck.pcesvn},
          {"cpusvn", to_hex(pck.cpusvn)},
          {"pceid", to_hex(pck.pceid)},
          {"fmspc", to_hex(pck.fmspc)},
          {"sgxtype", static_cast<int>(pck.sgx_type)},
          {"sgxtype_name", sgx_type_name(pck.sgx_type)},
          {"platform_instance", hex_or_nothing(pck.platform_instance_id)},
          {"dynamic_platform", or_nothing(pck.dynamic_platform)},
          {"cached_keys", or_nothing(pck.cached_keys)},
          {"smt_enabled", or_nothing(pck.smt_enabled)}};
}

const char* body_type_name(const QuoteBody& body) {
  if (std::holds_alternative<sgx::ReportBody>(body)) return "SGX enclave report";
  return std::holds_alternative<TdReport10>(body) ? "TD report 1.0" : "TD report 1.5";
}

}  // namespace

nlohmann::ordered_json quote_fields(const Quote& quote) {
  Fields fields{{"kind", "quote"},
                {"version", quote.header.version},
                {"att_key_type", quote.header.attestation_key_type},
                {"att_key_type_name", "ECDSA-256-with-P-256"},
                {"tee_type", quote.header.tee_type},
                {"tee_type_name", quote.is_tdx() ? "TDX" : "SGX"},
                {"qe_svn", quote.header.qe_svn},
                {"pce_svn", quote.header.pce_svn},
                {"qe_vendor_id", to_hex(quote.header.qe_vendor_id)},
                {"user_data", to_hex(quote.header.user_data)},
                {"body_type", body_type_name(quote.body)},
                {"body", body_fields(quote.body)},
                {"quote_signature", to_hex(quote.signature)},
                {"attestation_key", to_hex(quote.attestation_key)},
                {"qe_report", report_fields(quote.qe_report)},
                {"qe_report_signature", to_hex(quote.qe_report_signature)},
                {"qe_auth_data", to_hex(quote.qe_authentication_data)},
                {"certification_data_type", static_cast<int>(quote.certification_type)},
                {"certification_data_name", certification_type_name(quote.certification_type)},
                {"certification_data_length", quote.certification_data.size()},
                {"size", quote.whole.size()}};
  if (quote.certification_type != CertificationType::pck_chain) return fields;
  const auto chain = parse_pck_chain(quote.certification_data);
  if (!chain.ok()) {
    fields["pck_problem"] = chain.error().what();
    return fields;
  }
  fields["pck"] = pck_fields(chain.value());
  if (chain.value().root.common_name().find("simulation") != std::string_view::npos) fields["simulation"] = true;
  return fields;
}

nlohmann::ordered_json identity_fields(const QuoteBody& body) {
  Fields fields = body_fields(body);
  for (const char* in_words : {"miscselect_names", "attributes_flags", "xfrm", "kss", "tdattr_flags", "xfam_names"})
    fields.erase(in_words);
  return fields;
}

bool is_debug(const QuoteBody& body) {
  if (const auto* report = std::get_if<sgx::ReportBody>(&body))
    return (report->attributes.flags & sgx::kAttributeDebug) != 0;
  return (as_number(td_report(body)->tdattributes) & kTdDebug) != 0;
}

}  // namespace cloister::dcap
