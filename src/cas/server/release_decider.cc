// SPDX-License-Identifier: Apache-2.0
#include "src/cas/server/release_decider.h"
#include <algorithm>
#include <cstring>
#include <memory>
#include "src/base/hex.h"
#include "src/cas/configuration.h"
#include "src/cas/policy/decide.h"
#include "src/cas/secrets/encode.h"
#include "src/cas/server/judge_quote.h"
#include "src/cas/server/random.h"

namespace cloister::cas {
namespace {
using release::Deny;

// What a refused enclave is told and its owner looks up.
std::string new_reference() {
  std::array<std::uint8_t, 8> bytes;
  return random_bytes(bytes) ? to_hex(bytes) : std::string();
}

const sgx::ReportBody* report_of(const dcap::Quote& quote) { return std::get_if<sgx::ReportBody>(&quote.body); }

release::Digest mrenclave_of(const sgx::ReportBody& report) {
  release::Digest digest;
  std::memcpy(digest.data(), report.mrenclave, digest.size());
  return digest;
}

audit::Entry entry_of(const Attempt& attempt, audit::Kind kind) {
  audit::Entry entry;
  entry.kind = kind;
  entry.time = attempt.now;
  entry.subject = attempt.config_id.substr(0, audit::kSubjectLimit);
  entry.reference = new_reference();
  return entry;
}

// `claimed`: what an unverified quote says of itself, zero if there is none.
Release refusal(const Attempt& attempt, Deny::Code code, std::string why, const release::Digest& claimed) {
  Release refused;
  refused.outcome = code;
  refused.entry = entry_of(attempt, audit::Kind::attestation_refused);
  refused.entry.actor = {audit::Actor::Kind::unknown, claimed};
  refused.entry.code = static_cast<std::uint32_t>(code);
  refused.entry.text = why.substr(0, audit::kTextLimit);
  return refused;
}

Release refusal(const Attempt& attempt, const sgx::ReportBody& verified, std::string why) {
  Release refused = refusal(attempt, Deny::Code::owner, std::move(why), mrenclave_of(verified));
  refused.entry.actor.kind = audit::Actor::Kind::enclave;
  return refused;
}

// Why this report is not one for this connection; empty if it is.
std::string not_for_here(const Attempt& attempt, const sgx::ReportBody& report, const release::Digest& cas_key_hash) {
  if (!release::equal(attempt.report_data, report.reportdata))
    return "REPORTDATA is not that of this connection: a quote that was made for another one";
  const auto expected = release::configured_enclave_id(cas_key_hash, attempt.config_id);
  const std::span<const std::uint8_t, 64> found(report.configid);
  if (!release::equal(std::span(expected).first<32>(), found.first<32>()))
    return "CONFIGID names another CAS, or none: sha256 of its key is " + to_hex(found.first<32>());
  if (!release::equal(expected, found)) return "CONFIGID names another service than the one that was asked for";
  return {};
}
}  // namespace

void ReleaseDecider::decide(Attempt given, Done done) {
  const auto attempt = std::make_shared<const Attempt>(std::move(given));  // the quote has views into it
  const auto quote = dcap::parse_quote(attempt->quote);
  if (!quote.ok())
    return done(refusal(*attempt, Deny::Code::host, std::string("the quote: ") + quote.error().what(), {}));
  const sgx::ReportBody* const report = report_of(quote.value());
  if (report == nullptr) return done(refusal(*attempt, Deny::Code::host, "the quote is not of an SGX enclave", {}));
  if (const std::string why = not_for_here(*attempt, *report, cas_key_hash_); !why.empty())
    return done(refusal(*attempt, Deny::Code::host, why, mrenclave_of(*report)));
  const auto request = dcap::collateral_request(quote.value(), collateral_.parsed());
  if (!request.ok())
    return done(refusal(*attempt, Deny::Code::host, std::string("the quote: ") + request.error().what(),
                        mrenclave_of(*report)));
  collateral_.prepare(request.value(), [this, attempt, parsed = quote.value(), done](
                                           const CollateralPointer& collateral, const std::string& problem) {
    done(release(*attempt, parsed, collateral, problem));
  });
}

Release ReleaseDecider::release(const Attempt& attempt, const dcap::Quote& quote, const CollateralPointer& collateral,
                                const std::string& problem) {
  JudgedQuote judged = judge_quote(store_, collateral_, quote, collateral, problem, attempt.now);
  Release decided = judged.verified ? grant(attempt, *judged.verified)
                                    : refusal(attempt, judged.may_be_later ? Deny::Code::later : Deny::Code::host,
                                              std::move(judged.why_not), mrenclave_of(*report_of(quote)));
  decided.seen = std::move(judged.seen);
  return decided;
}

Release ReleaseDecider::grant(const Attempt& attempt, const dcap::Verified<dcap::Quote>& quote) {
  const auto& report = std::get<sgx::ReportBody>(quote.body());
  const std::size_t slash = attempt.config_id.rfind('/');
  const auto session = slash == std::string::npos ? nullptr : sessions_.current(attempt.config_id.substr(0, slash));
  if (session == nullptr) return refusal(attempt, report, "there is no such session");
  const session::Lookup lookup = lookup_in(session->materials);
  const Decision decision = PolicyMatch::decide(session->session, attempt.config_id.substr(slash + 1), quote, lookup);
  if (!decision.match) {
    Release refused = refusal(attempt, report, text_of(decision.refusals));
    refused.entry.subject_hash = session->hash();
    return refused;
  }
  yaml::Problem problem;
  auto configuration = make_configuration(quote, *decision.match, session->materials, &problem);
  if (!configuration.ok()) return refusal(attempt, report, "the configuration: " + problem.what);
  Release granted;
  granted.outcome = release::encode(configuration.value());
  if (std::get<SecretBytes>(granted.outcome).size() > release::kGrantLimit)
    return refusal(attempt, report, "the configuration is larger than a message may be");
  granted.mrenclave = mrenclave_of(report);
  granted.entry = entry_of(attempt, audit::Kind::attestation_granted);
  granted.entry.actor = {audit::Actor::Kind::enclave, granted.mrenclave};
  granted.entry.subject_hash = session->hash();
  granted.entry.text = status_text(quote.verdict()) + (quote.simulation() ? ", simulation" : "");
  // A session that was updated meanwhile releases nothing of its earlier version.
  granted.demands.push_back({session_record(session->session.name), session->version});
  return granted;
}
}  // namespace cloister::cas
