// SPDX-License-Identifier: Apache-2.0
// Any bytes as a certificate with evidence, as an extension's value and as claims in it: nothing breaks, what is found
// lies in the input, and claims that are read are written back the same.
#include <algorithm>
#include <cstdlib>
#include <string>
#include "src/ratls/fields.h"
#include "src/ratls/make.h"
#include "src/ratls/oids.h"

using namespace cloister;
using namespace cloister::ratls;

namespace {
void require(bool holds) {
  if (!holds) std::abort();
}

void look_at(const Certificate& certificate, Bytes input) {
  const auto evidence = find_evidence(certificate);
  if (!evidence.ok()) return;
  for (const Evidence& one : evidence.value()) {
    require(one.quote.whole.data() >= input.data() &&
            one.quote.whole.data() + one.quote.whole.size() <= input.data() + input.size());
    require(one.claims.size() <= kClaimsLimit);
    if (one.format != Format::tagged) continue;
    OwnedBytes again;
    append_head(again, CborMajor::map, one.claims.size());
    for (const Claim& claim : one.claims) append_text(again, claim.name), append_bytes(again, claim.value);
    require(std::ranges::equal(again, one.claims_bytes));
  }
  const auto fields = evidence_fields(evidence.value(), certificate);
  require(fields.size() == evidence.value().size());
  (void)fields.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes bytes(data, size);
  if (const auto der = certificate_der(bytes); der.ok()) {
    const auto certificate = parse_certificate(der.value());
    if (certificate.ok()) {
      look_at(certificate.value(), der.value());
      (void)certificate_fields(certificate.value()).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
      (void)check_certificate(certificate.value(), certificate.value().validity.from).ok();
    }
  }
  // The evidence alone, which a certificate's signature would keep a fuzzer from.
  static constexpr Bytes kOids[] = {kTaggedEvidence, kGramineQuote, kIntelQuote, kOpenEnclave};
  for (const Bytes oid : kOids) {
    Certificate certificate;
    certificate.public_key = bytes.first(std::min<std::size_t>(size, 91));
    certificate.extensions.push_back({.oid = oid, .critical = false, .value = bytes});
    look_at(certificate, bytes);
  }
  return 0;
}
