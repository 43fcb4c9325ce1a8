// SPDX-License-Identifier: Apache-2.0
// What the API does with sessions and their public values.
#include <algorithm>
#include "src/base/hex.h"
#include "src/cas/api/answers.h"
#include "src/cas/api/api.h"
#include "src/cas/secrets/certificate.h"
#include "src/cas/secrets/encode.h"

namespace cloister::cas {
namespace {

Response written_response(unsigned status, const Outcome<Written>& outcome) {
  if (!outcome.ok()) return failure_response(outcome.failure());
  const Written& written = outcome.value();
  return json_response(
      status, {{"name", written.name}, {"hash", to_hex(written.hash)}, {"warnings", problem_list(written.warnings)}});
}

session::Encoding shown_as(session::Kind kind) {
  switch (kind) {
    case session::Kind::binary: return session::Encoding::hex;
    case session::Kind::public_key: return session::Encoding::public_key_pem;
    case session::Kind::x509:
    case session::Kind::x509_ca: return session::Encoding::certificate_pem;
    default: return session::Encoding::text;
  }
}

// When a certificate stops being valid; nothing for other secrets, and for what cannot be read.
std::optional<std::string> expiry(const SecretMaterial& material) {
  if (!material.is_certificate()) return std::nullopt;
  const auto certificate = certificate_from_der(material.value);
  std::tm time{};
  if (!certificate.ok() || ASN1_TIME_to_tm(X509_get0_notAfter(certificate.value().get()), &time) != 1)
    return std::nullopt;
  return dcap::iso_time(timegm(&time));
}

Result<Json> value_fields(const SecretMaterial& material) {
  const SecretBytes value = TRY(encode(material, shown_as(material.kind)));
  Json fields{{"kind", text_of(material.kind)}, {"value", text_of(value)}};
  if (const auto expires = expiry(material)) fields["expires"] = *expires;
  return fields;
}

}  // namespace

Response Api::create(const Call& call) {
  return written_response(201, sessions_.create(text_of(call.request.body), call.client));
}

Response Api::update(const Call& call) {
  return written_response(200, sessions_.update(call.name, text_of(call.request.body), call.client));
}

Response Api::check(const Call& call) {
  const session::Report report = Sessions::check(text_of(call.request.body));
  return json_response(200, {{"ok", report.problems.empty()},
                             {"problems", problem_list(report.problems)},
                             {"warnings", problem_list(report.warnings)}});
}

Response Api::read(const Call& call) {
  std::optional<session::Hash> hash;
  if (const auto sent = call.query.find("hash"); sent != call.query.end()) {
    const auto bytes = from_hex(sent->second);
    if (!bytes.ok() || bytes.value().size() != sizeof(session::Hash))
      return error_response(400, "hash has not 64 hexadecimal digits", "");
    std::ranges::copy(bytes.value(), hash.emplace().begin());
  }
  auto outcome = sessions_.read(call.name, hash, call.client);
  if (!outcome.ok()) return failure_response(outcome.failure());
  ReadSession& session = outcome.value();
  return {.status = 200,
          .content_type = "application/yaml",
          .headers = {{kSessionHashHeader, to_hex(session.hash)},
                      {kSessionCreatorHeader, to_hex(session.creator.key_hash)},
                      {kSessionValuesHeader, session.redacted ? "hidden" : "shown"}},
          .body = std::move(session.text)};
}

Response Api::list(const Call& call) {
  const auto prefix = call.query.find("prefix");
  const auto outcome = sessions_.list(prefix == call.query.end() ? "" : prefix->second, call.client);
  if (!outcome.ok()) return failure_response(outcome.failure());
  return json_response(200, {{"sessions", outcome.value()}});
}

// "session=NAME" or "session=NAME,secret=NAME".
Response Api::values(const Call& call) {
  constexpr std::string_view kSession = "session=", kSecret = ",secret=";
  const std::size_t comma = std::min(call.name.find(kSecret), call.name.size());
  if (!call.name.starts_with(kSession))
    return error_response(400, "values are asked for as session=NAME or session=NAME,secret=NAME", "");
  const std::string session = call.name.substr(kSession.size(), comma - kSession.size());
  std::optional<std::string> secret;
  if (comma < call.name.size()) secret = call.name.substr(comma + kSecret.size());
  const auto outcome = sessions_.public_values(session, secret);
  if (!outcome.ok()) return failure_response(outcome.failure());
  Json all = Json::object();
  for (const auto& [name, material] : outcome.value()) {
    auto fields = value_fields(material);
    if (!fields.ok())
      return failure_response({.kind = Failure::Kind::later, .what = "a value cannot be shown", .hint = ""});
    if (secret) return json_response(200, fields.value());
    all[name] = std::move(fields).take();
  }
  return json_response(200, {{"values", all}});
}

}  // namespace cloister::cas
