// SPDX-License-Identifier: Apache-2.0
#include "src/ratls/fields.h"
#include <algorithm>
#include "src/base/hex.h"
#include "src/ratls/oids.h"
#include "src/ratls/public_key.h"
#include "src/sgx/measurement.h"

namespace cloister::ratls {
namespace {

using Fields = nlohmann::ordered_json;

const char* format_name(Format format) {
  switch (format) {
    case Format::tagged: return "TCG tagged evidence (Interoperable RA-TLS)";
    case Format::gramine: return "Gramine's own";
    case Format::intel_copy: return "Intel SGX SDK's copy of the tagged evidence's quote";
    case Format::open_enclave: return "Open Enclave or EGo";
  }
  return "unknown";
}

const char* binding_text(Binding binding) {
  switch (binding) {
    case Binding::claims: return "REPORTDATA is the SHA-256 of the claims, which have the public key's hash";
    case Binding::public_key: return "REPORTDATA is the SHA-256 of the public key (SubjectPublicKeyInfo, DER)";
    case Binding::public_key_text:
      return "REPORTDATA is the SHA-256 of the public key (SubjectPublicKeyInfo, PEM with NUL)";
  }
  return "unknown";
}

// As people write it; bytes that are no OID are left out.
std::string dotted(Bytes oid) {
  std::string text;
  std::uint64_t number = 0;
  for (const std::uint8_t byte : oid) {
    number = number << 7 | (byte & 0x7f);
    if (byte & 0x80) continue;
    if (text.empty()) {
      const std::uint64_t first = number < 80 ? number / 40 : 2;
      text = std::to_string(first) + '.' + std::to_string(number - 40 * first);
    } else {
      text += '.' + std::to_string(number);
    }
    number = 0;
  }
  return text;
}

// Names are their maker's; a terminal shall not obey them.
std::string printable(std::string_view text) {
  std::string safe(text);
  std::ranges::replace_if(
      safe, [](char c) { return c < ' ' || c > '~'; }, '?');
  return safe;
}

Fields claim_fields(const Evidence& evidence) {
  Fields claims = Fields::object();
  for (const Claim& claim : evidence.claims) claims[printable(claim.name)] = to_hex(claim.value);
  return claims;
}

}  // namespace

nlohmann::ordered_json certificate_fields(const Certificate& certificate) {
  const auto key = PublicKey::read(certificate.public_key);
  return {{"common_name", printable(certificate.common_name)},
          {"issuer_common_name", printable(certificate.issuer_common_name)},
          {"valid_from", dcap::iso_time(certificate.validity.from)},
          {"valid_until", dcap::iso_time(certificate.validity.until)},
          {"public_key", key.ok() ? key.value().kind() : key.error().what()},
          {"public_key_sha256", to_hex(sgx::sha256(certificate.public_key))}};
}

nlohmann::ordered_json evidence_fields(const std::vector<Evidence>& evidence, const Certificate& certificate) {
  Fields list = Fields::array();
  const auto together = check_bindings(evidence, certificate);
  for (std::size_t i = 0; i < evidence.size(); ++i) {
    const Evidence& one = evidence[i];
    Fields fields{{"format", format_name(one.format)}, {"oid", dotted(one.oid)}};
    if (one.format == Format::tagged) fields["claims"] = claim_fields(one);
    // Where not all are bound, each speaks for itself.
    const auto alone = together.ok() ? Result<Binding>(together.value()[i]) : check_binding(one, certificate);
    fields["bound"] = alone.ok();
    fields["binding"] = alone.ok() ? binding_text(alone.value()) : alone.error().what();
    fields["reportdata"] = to_hex(dcap::reportdata(one.quote.body));
    list.push_back(std::move(fields));
  }
  return list;
}

}  // namespace cloister::ratls
