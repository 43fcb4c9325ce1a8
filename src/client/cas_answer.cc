// SPDX-License-Identifier: Apache-2.0
#include "src/client/cas_answer.h"
#include <algorithm>
#include <nlohmann/json.hpp>
#include "src/base/hex.h"

namespace cloister::client {
namespace {

using Json = nlohmann::json;
constexpr std::size_t kKeySizeLimit = 1024;

Result<std::vector<std::uint8_t>> bytes_in(const Json& from, const char* name) {
  const auto found = from.is_object() ? from.find(name) : from.end();
  if (found == from.end() || !found->is_string())
    return Error(Errc::invalid, "the answer lacks a part of the evidence");
  return from_hex(found->get_ref<const std::string&>());
}

template <std::size_t kSize>
Result<void> read_fixed(const Json& from, const char* name, std::array<std::uint8_t, kSize>& to) {
  const auto bytes = TRY(bytes_in(from, name));
  if (bytes.size() != kSize) return Error(Errc::invalid, "a part of the evidence has a wrong size");
  std::ranges::copy(bytes, to.begin());
  return {};
}

Error differs(std::string& problem, std::string what) {
  problem = std::move(what);
  return Error(Errc::mismatch, "the evidence is of something else");
}

}  // namespace

Result<CasAnswer> parse_cas_answer(std::span<const std::uint8_t> body) {
  const Json document = Json::parse(body.begin(), body.end(), nullptr, /*allow_exceptions=*/false);
  CasAnswer answer;
  answer.quote = TRY(bytes_in(document, "quote"));
  answer.cas_key = TRY(bytes_in(document, "cas_key"));
  if (answer.cas_key.size() > kKeySizeLimit) return Error(Errc::invalid, "CAS's key is too large");
  TRY(read_fixed(document, "audit_key", answer.audit_key));
  TRY(read_fixed(document, "owner_key_hash", answer.owner_key_hash));
  const auto audit = document.find("audit");
  const auto sequence = audit != document.end() && audit->is_object() ? audit->find("sequence") : audit;
  if (audit == document.end() || !audit->is_object() || sequence == audit->end() || !sequence->is_number_unsigned())
    return Error(Errc::invalid, "the answer lacks the audit log's head");
  answer.head.at.sequence = sequence->get<std::uint64_t>();
  TRY(read_fixed(*audit, "hash", answer.head.at.hash));
  TRY(read_fixed(*audit, "signature", answer.head.signature));
  return answer;
}

Result<void> check_evidence(const CasAnswer& answer, const sgx::ReportBody& report, const Expected& expected,
                            std::string& problem) {
  if (answer.cas_key != expected.server_key)
    return differs(problem, "the evidence is of another key than the server's: somebody stands between");
  if (answer.owner_key_hash != expected.owner_key_hash)
    return differs(problem, "this CAS belongs to owner " + to_hex(answer.owner_key_hash) + ", expected " +
                                to_hex(expected.owner_key_hash) + " (--owner)");
  if (!release::equal(report.configid, release::cas_id(answer.owner_key_hash)))
    return differs(problem, "the enclave was not started as a CAS of this owner: its CONFIGID is another one");
  const release::EvidenceOfCas evidence{.nonce = expected.nonce,
                                        .cas_key_hash = release::sha256(answer.cas_key),
                                        .audit_key_hash = release::sha256(answer.audit_key),
                                        .owner_key_hash = answer.owner_key_hash,
                                        .audit_sequence = answer.head.at.sequence,
                                        .audit_head = answer.head.at.hash};
  if (!release::equal(report.reportdata, report_data(evidence)))
    return differs(problem, "the quote was made for another question, key or state: its REPORTDATA is another one");
  if (!verify_head(answer.head, answer.audit_key).ok())
    return differs(problem, "the audit log's head is not signed by the audit key");
  return {};
}

}  // namespace cloister::client
