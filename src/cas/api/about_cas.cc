// SPDX-License-Identifier: Apache-2.0
// What the API says about CAS itself: version, state, evidence, audit log.
#include <algorithm>
#include <charconv>
#include "src/base/hex.h"
#include "src/cas/api/answers.h"
#include "src/cas/api/api.h"
#include "src/ratls/make.h"

namespace cloister::cas {
namespace {

// A decimal number; `otherwise` where the query has none.
std::optional<std::uint64_t> number_in(const Api::Call& call, const char* name, std::uint64_t otherwise) {
  const auto found = call.query.find(name);
  if (found == call.query.end()) return otherwise;
  std::uint64_t number = 0;
  const char* const end = found->second.data() + found->second.size();
  const auto parsed = std::from_chars(found->second.data(), end, number);
  if (parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
  return number;
}

// What the asker wants to find in the evidence, so that it is no recording.
std::optional<release::Nonce> nonce_in(const Api::Call& call) {
  const auto sent = call.query.find("nonce");
  release::Nonce nonce;
  if (sent == call.query.end() || !read_hex(sent->second, nonce)) return std::nullopt;
  return nonce;
}
Response no_nonce() {
  return error_response(400, "evidence needs a nonce of 64 hexadecimal digits", "make a new one for each request");
}
Response no_quote() {
  return failure_response({.kind = Failure::Kind::later,
                           .what = "CAS cannot get a quote at the moment",
                           .hint = "its local attestation service does not answer; try again later"});
}

}  // namespace

Response Api::version(const Call&) {
  return json_response(200, {{"name", "cloister-cas"},
                             {"version", CLOISTER_VERSION},
                             {"api", 1},
                             {"attestation_protocol", release::kProtocolVersion},
                             {"session_language", text_of(session::kNewest)}});
}

Response Api::health(const Call&) { return json_response(200, {{"status", "ok"}}); }

Response Api::ready(const Call&) {
  const std::string why_not = readiness_();
  if (why_not.empty()) return json_response(200, {{"status", "ready"}});
  Response response = error_response(503, why_not, "CAS becomes ready by itself when the cause is gone");
  response.headers.emplace_back("Retry-After", "5");
  return response;
}

Response Api::description(const Call&) {
  return {.status = 200, .content_type = "application/json", .headers = {}, .body = secret_from(openapi())};
}

Response Api::attest(const Call& call) {
  const auto nonce = nonce_in(call);
  if (!nonce) return no_nonce();
  release::EvidenceOfCas evidence;
  evidence.nonce = *nonce;
  const audit::Head head = store_.head();
  evidence.cas_key_hash = release::sha256(identity_.cas_key);
  evidence.audit_key_hash = release::sha256(store_.audit_key());
  evidence.owner_key_hash = identity_.owner_key_hash;
  evidence.audit_sequence = head.at.sequence;
  evidence.audit_head = head.at.hash;
  const auto quote = evidence_.quote(report_data(evidence));
  if (!quote.ok()) return no_quote();
  return json_response(
      200, {{"quote", to_hex(quote.value())},
            {"cas_key", to_hex(identity_.cas_key)},
            {"audit_key", to_hex(store_.audit_key())},
            {"owner_key_hash", to_hex(identity_.owner_key_hash)},
            {"audit",
             {{"sequence", head.at.sequence}, {"hash", to_hex(head.at.hash)}, {"signature", to_hex(head.signature)}}}});
}

// For third parties. The claims are no text that evidence for attest or for the release protocol could hash.
Response Api::certificate(const Call& call) {
  const auto nonce = nonce_in(call);
  if (!nonce) return no_nonce();
  const auto claims = ratls::make_claims(identity_.cas_key, *nonce, ratls::kPurposeOfCas);
  const auto quote = evidence_.quote(ratls::report_data(claims));
  if (!quote.ok()) return no_quote();
  const auto der = evidence_.certificate(quote.value(), claims);
  if (!der.ok()) return failure_response({.kind = Failure::Kind::later, .what = der.error().what(), .hint = ""});
  return {.status = 200,
          .content_type = "application/x-pem-file",
          .headers = {},
          .body = secret_from(dcap::to_pem(der.value(), "CERTIFICATE"))};
}

Response Api::audit(const Call& call) {
  if (!sessions_.is_owner(call.client)) {
    sessions_.note_refusal("/v1/audit", "the audit log is for CAS's owner", call.client);
    return error_response(403, "the audit log is for CAS's owner",
                          "`cloister cas owner` shows your key's hash, `cloister cas list` the owner's");
  }
  const std::uint64_t newest = store_.head().at.sequence;
  const auto from = number_in(call, "from", 1);
  const auto last = from ? std::min(newest, *from + SealedStore::kExportLimit - 1) : newest;
  const auto to = number_in(call, "to", last);
  if (!from || !to || *from == 0 || *from > newest + 1 || *to > newest || *to + 1 < *from ||
      *to + 1 - *from > SealedStore::kExportLimit)
    return error_response(400, "there are no such entries",
                          "the log has " + std::to_string(newest) + " entries, at most " +
                              std::to_string(SealedStore::kExportLimit) + " at once");
  const auto text = store_.export_audit(*from, *to);
  if (!text.ok())
    return failure_response({.kind = Failure::Kind::later, .what = "the audit log cannot be read", .hint = ""});
  return {.status = 200, .content_type = "application/x-ndjson", .headers = {}, .body = secret_from(text.value())};
}

Response Api::reset_clock(const Call& call) {
  constexpr std::uint64_t kLatest = 253'402'300'799;  // the year 9999's end
  const auto time = number_in(call, "time", kLatest + 1);
  if (!time || *time > kLatest)
    return error_response(400, "clock:reset needs `time`, your clock in seconds since 1970", "");
  const auto outcome = sessions_.reset_clock(static_cast<dcap::UnixTime>(*time), call.client);
  if (!outcome.ok()) return failure_response(outcome.failure());
  return json_response(200, {{"from", dcap::iso_time(static_cast<dcap::UnixTime>(outcome.value().from / 1000))},
                             {"to", dcap::iso_time(static_cast<dcap::UnixTime>(outcome.value().to / 1000))}});
}

}  // namespace cloister::cas
