// SPDX-License-Identifier: Apache-2.0
#include "src/dcap/crl.h"
#include <algorithm>
#include "src/dcap/der.h"
#include "src/dcap/signed_der.h"

namespace cloister::dcap {
namespace {

constexpr std::uint8_t kAuthorityKeyIdentifier[] = {0x55, 0x1d, 0x23};
constexpr std::uint8_t kCrlNumber[] = {0x55, 0x1d, 0x14};
constexpr std::uint32_t kVersion2 = 1;

bool same(Bytes a, Bytes b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

}  // namespace

Result<Crl> Crl::parse(Bytes der) {
  if (der.size() > kCrlSizeLimit) return Error(Errc::invalid, "larger than 4 MiB, which no CRL of Intel's is");
  Crl crl;
  crl.der_.assign(der.begin(), der.end());
  TRY(crl.parse_all());
  return crl;
}

Result<void> Crl::parse_all() {
  const SignedDer parts = TRY(parse_signed_der(der_));
  signature_ = parts.signature;
  signed_digest_ = parts.digest;
  return parse_signed_part(parts.content);
}

Result<void> Crl::parse_signed_part(Bytes content) {
  DerReader reader(content);
  if (TRY(der_small(TRY(reader.expect(DerTag::integer)), 255)) != kVersion2)
    return Error(Errc::unsupported, "the CRL's version is not 2");
  TRY(expect_ecdsa_sha256(TRY(reader.expect(DerTag::sequence)).content));
  issuer_ = TRY(reader.expect(DerTag::sequence)).whole;
  TRY(find_common_name(issuer_));
  const DerElement from = TRY(reader.next()), until = TRY(reader.next());
  validity_.from = TRY(parse_x509_time(from.tag, from.content));
  validity_.until = TRY(parse_x509_time(until.tag, until.content));
  if (reader.sees(DerTag::sequence)) revoked_ = TRY(reader.next()).content;
  TRY(parse_revoked());
  const Bytes extensions = TRY(reader.expect(DerTag::context_0)).content;
  TRY(reader.finish());
  return parse_extensions(TRY(der_whole(extensions, DerTag::sequence)).content);
}

Result<void> Crl::parse_revoked() {
  for (DerReader reader(revoked_); !reader.at_end(); ++revoked_count_) {
    DerReader entry(TRY(reader.expect(DerTag::sequence)).content);
    TRY(der_unsigned(TRY(entry.expect(DerTag::integer))));
    const DerElement date = TRY(entry.next());
    TRY(parse_x509_time(date.tag, date.content));
    if (!entry.at_end()) TRY(entry.expect(DerTag::sequence));  // reason and the like
    TRY(entry.finish());
  }
  return {};
}

// Intel's profile demands a number and the issuer's key identifier. A critical extension, such as one that makes the
// list a delta, would change the list's meaning.
Result<void> Crl::parse_extensions(Bytes content) {
  bool has_number = false, has_key_identifier = false;
  for (DerReader reader(content); !reader.at_end();) {
    DerReader extension(TRY(reader.expect(DerTag::sequence)).content);
    const Bytes type = TRY(extension.expect(DerTag::object_identifier)).content;
    if (extension.sees(DerTag::boolean))
      return Error(Errc::unsupported, "the CRL has a critical extension, and none is known");
    const Bytes value = TRY(extension.expect(DerTag::octet_string)).content;
    TRY(extension.finish());
    if (same(type, kCrlNumber)) {
      has_number = true;
      number_ = TRY(der_unsigned(TRY(der_whole(value, DerTag::integer))));
    }
    has_key_identifier = has_key_identifier || same(type, kAuthorityKeyIdentifier);
  }
  if (!has_number || !has_key_identifier)
    return Error(Errc::invalid, "the CRL lacks its number or its issuer's key identifier");
  return {};
}

bool Crl::revokes(Bytes serial) const {
  for (DerReader reader(revoked_); !reader.at_end();) {
    const auto entry = reader.next();
    if (!entry.ok()) return true;  // parse() saw to it that this does not happen
    DerReader fields(entry.value().content);
    const auto number = fields.next();
    if (!number.ok()) return true;
    const auto digits = der_unsigned(number.value());
    if (!digits.ok() || same(digits.value(), serial)) return true;
  }
  return false;
}

}  // namespace cloister::dcap
