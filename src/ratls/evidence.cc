// SPDX-License-Identifier: Apache-2.0
#include "src/ratls/evidence.h"
#include <algorithm>
#include "src/dcap/byte_reader.h"
#include "src/ratls/oids.h"

namespace cloister::ratls {
namespace {

constexpr std::uint64_t kQuoteTag = 60000, kReportTag = 60001, kOldReportTag = 60002;
constexpr std::uint64_t kPartsOfEvidence = 2;
constexpr std::uint32_t kOpenEnclaveVersion = 1, kOpenEnclaveRemote = 2;

Error malformed(const char* what) { return Error(Errc::invalid, what); }
Error unsupported(const char* what) { return Error(Errc::unsupported, what); }

Result<std::vector<Claim>> parse_claims(Bytes bytes) {
  if (bytes.size() > kClaimsSizeLimit) return malformed("the evidence's claims are larger than 4 KiB");
  CborReader reader(bytes);
  const std::uint64_t count = TRY(reader.head(CborMajor::map));
  if (count > kClaimsLimit) return malformed("the evidence has more than 64 claims");
  std::vector<Claim> claims;
  while (claims.size() < count) {
    const std::string_view name = TRY(reader.text());
    if (std::ranges::find(claims, name, &Claim::name) != claims.end())
      return malformed("the evidence has a claim twice");
    const Bytes value = TRY(reader.bytes());
    claims.push_back({name, value});
  }
  TRY(reader.finish());
  return claims;
}

Result<Evidence> parse_bare(Format format, Bytes value) {
  Evidence evidence{};
  evidence.format = format;
  evidence.quote = TRY(dcap::parse_quote(value));
  return evidence;
}

Result<Evidence> parse_tagged(Bytes value) {
  CborReader reader(value);
  const std::uint64_t tag = TRY(reader.head(CborMajor::tag));
  if (tag == kReportTag || tag == kOldReportTag)
    return unsupported(
        "the evidence is a REPORT for enclaves of the same machine, not a quote (CBOR tag 60001, 60002)");
  if (tag != kQuoteTag) return unsupported("the evidence has another CBOR tag than that of ECDSA quotes, 60000");
  if (TRY(reader.head(CborMajor::array)) != kPartsOfEvidence)
    return malformed("the evidence is not an array of a quote and claims");
  const Bytes quote = TRY(reader.bytes()), claims = TRY(reader.bytes());
  TRY(reader.finish());
  Evidence evidence = TRY(parse_bare(Format::tagged, quote));
  evidence.claims_bytes = claims;
  evidence.claims = TRY(parse_claims(claims));
  return evidence;
}

Result<Evidence> parse_open_enclave(Bytes value) {
  dcap::ByteReader reader(value, "the evidence ends within Open Enclave's header");
  const auto version = TRY(reader.read<std::uint32_t>()), type = TRY(reader.read<std::uint32_t>());
  const auto size = TRY(reader.read<std::uint64_t>());
  if (version != kOpenEnclaveVersion) return unsupported("Open Enclave's header has another version than 1");
  if (type != kOpenEnclaveRemote) return unsupported("Open Enclave's header names another type than a quote, 2");
  if (size != reader.rest().size()) return malformed("Open Enclave's header names another size than the evidence has");
  return parse_bare(Format::open_enclave, reader.rest());
}

// Whether an extension has evidence, and which.
struct Found {
  bool is_evidence = false;
  Evidence evidence{};
};
Result<Found> parse_extension(const Extension& extension) {
  const Bytes oid = extension.oid, value = extension.value;
  Found found{.is_evidence = true};
  if (same(oid, kTaggedEvidence)) {
    found.evidence = TRY(parse_tagged(value));
  } else if (same(oid, kGramineQuote)) {
    found.evidence = TRY(parse_bare(Format::gramine, value));
  } else if (same(oid, kIntelQuote)) {
    found.evidence = TRY(parse_bare(Format::intel_copy, value));
  } else if (same(oid, kOpenEnclave) || same(oid, kOpenEnclaveOld)) {
    found.evidence = TRY(parse_open_enclave(value));
  } else if (same(oid, kOpenEnclaveEvidence) || same(oid, kOpenEnclaveEvidenceOld)) {
    return unsupported("Open Enclave's evidence with formats of its own (OID ends in 2) is not served");
  } else {
    found.is_evidence = false;
  }
  found.evidence.oid = oid;
  return found;
}

}  // namespace

Bytes Evidence::claim(std::string_view name) const {
  const auto found = std::ranges::find(claims, name, &Claim::name);
  return found == claims.end() ? Bytes() : found->value;
}

Result<std::vector<Evidence>> find_evidence(const Certificate& certificate) {
  std::vector<Evidence> all;
  for (const Extension& extension : certificate.extensions) {
    Found found = TRY(parse_extension(extension));
    if (found.is_evidence) all.push_back(std::move(found.evidence));
  }
  if (all.empty()) return unsupported("the certificate carries no evidence");
  std::ranges::stable_sort(all, {}, &Evidence::format);
  return all;
}

}  // namespace cloister::ratls
