// SPDX-License-Identifier: Apache-2.0
#include "src/client/cas_client.h"
#include <algorithm>
#include <optional>
#include "src/audit/export.h"
#include "src/audit/head_text.h"
#include "src/release/evidence.h"

namespace cloister::client {
namespace {

std::string lower_case(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

Error unpinned(std::string& problem, std::string what) {
  problem = std::move(what);
  return Error(Errc::invalid, "no attested CAS");
}

}  // namespace

Result<https::Url> cas_url(const std::string& address) {
  constexpr std::string_view kScheme = "https://";
  const std::string rest = address.starts_with(kScheme) ? address.substr(kScheme.size()) : address;
  https::Url url = TRY(https::Url::parse(std::string(kScheme) + rest));
  if (url.path != "/") return Error(Errc::invalid, "is no HOST:PORT");
  // Url's default is that of HTTPS.
  if (!rest.ends_with(":443") && url.port == "443") url.port = kDefaultPort;
  return url;
}

std::string address_of(const https::Url& url) {
  return (url.host.find(':') != std::string::npos ? '[' + url.host + ']' : url.host) + ':' + url.port;
}

Result<CasClient> CasClient::open(State state, const std::string& address, std::string& problem) {
  const auto pins = TRY(state.pins(problem));
  if (address.empty() && pins.size() != 1)
    return unpinned(problem, pins.empty() ? "no CAS is trusted yet: `cloister cas attest ADDR` first"
                                          : "several CASes are trusted: name one with --cas (`cloister cas list`)");
  const auto url = cas_url(address.empty() ? pins.front().address : address);
  if (!url.ok()) return unpinned(problem, address + " " + url.error().what());
  const auto pin = std::ranges::find(pins, address_of(url.value()), &Pin::address);
  if (pin == pins.end())
    return unpinned(problem, address_of(url.value()) + " is not trusted yet: `cloister cas attest " +
                                 address_of(url.value()) + "` first");
  OwnerKey key = TRY(state.owner_key(problem));
  return CasClient(std::move(state), *pin, std::move(key), url.value());
}

Result<https::Response> CasClient::exchange(const Question& question, std::string& problem) const {
  https::Request request{
      .url = url_, .method = question.method, .content_type = question.content_type, .body = question.body};
  request.url.path = question.path;
  const https::Options options{
      .accept_key = [&](std::span<const std::uint8_t> key) { return release::sha256(key) == pin_.cas_key_hash; },
      .client_certificate = key_.certificate,
      .client_key = key_.key,
      .body_limit = kAnswerLimit};
  auto response = https::exchange(request, options, problem);
  if (!response.ok()) {
    problem = pin_.address + ": " + problem;
    if (response.error().code() == Errc::mismatch)
      problem += "; if CAS was set up anew, `cloister cas forget " + pin_.address + "` and attest it again";
    return response.error();
  }
  return response;
}

Result<https::Response> CasClient::ask(const Question& question, std::string& problem) {
  auto response = TRY(exchange(question, problem));
  TRY(check_head(response, problem));
  return response;
}

Result<void> CasClient::check_continues(audit::Position seen, const audit::Position& head, std::string& problem) const {
  while (seen.sequence < head.sequence) {
    const auto response = TRY(exchange({.path = "/v1/audit?from=" + std::to_string(seen.sequence + 1)}, problem));
    if (response.status != 200) {
      problem = error_text(response);
      return Error(Errc::io, "CAS does not show its audit log");
    }
    const std::string text(response.body.begin(), response.body.end());
    const auto part = audit::verify_export(text, {.key = pin_.audit_key, .earlier = seen}, problem);
    if (!part.ok() || part.value().before_first != seen || part.value().head.at.sequence <= seen.sequence) {
      problem = "CAS HAS ANOTHER HISTORY: its audit log does not go on from entry " + std::to_string(seen.sequence) +
                ", which was seen before; two copies of it run, or it was set back. Do not use it before you know why";
      return Error(Errc::mismatch, "CAS has another history");
    }
    seen = part.value().head.at;
    if (seen.sequence >= head.sequence)
      TRY(audit::verify_export(text, {.key = pin_.audit_key, .earlier = head}, problem));
  }
  return {};
}

Result<void> CasClient::check_head(const https::Response& response, std::string& problem) {
  const auto text = response.headers.find(lower_case(audit::kHeadHeader));
  const auto head = audit::parse_head_text(text == response.headers.end() ? "" : text->second);
  if (!head.ok()) {
    problem = pin_.address + ": the answer does not say where the audit log stands";
    return Error(Errc::mismatch, "no head of the audit log");
  }
  // Judged by what was known when this was asked: another process may have seen a later head meanwhile.
  std::optional<Error> refusal;
  const audit::Position before = pin_.seen;
  if (const auto seen = see_head(pin_, head.value(), problem); !seen.ok()) refusal = seen.error();
  if (!refusal && key_.hash == pin_.owner_key_hash)
    if (const auto goes_on = check_continues(before, head.value().at, problem); !goes_on.ok()) {
      pin_.seen = before;
      refusal = goes_on.error();
    }
  const auto keep = [&](std::vector<Pin>& pins) {
    const auto kept = std::ranges::find(pins, pin_.address, &Pin::address);
    if (kept == pins.end() || kept->cas_key_hash != pin_.cas_key_hash) return;
    if (head.value().at.sequence < kept->seen.sequence) return;
    if (const auto seen = see_head(*kept, head.value(), problem); !seen.ok()) refusal = seen.error();
  };
  if (!refusal) TRY(state_.change_pins(keep, problem));
  if (!refusal) return {};
  problem = pin_.address + ": " + problem;
  return *refusal;
}

}  // namespace cloister::client
