// SPDX-License-Identifier: Apache-2.0
#include "src/dcap/certificate.h"
#include <algorithm>
#include "src/dcap/der.h"
#include "src/dcap/signed_der.h"

namespace cloister::dcap {
namespace {

// Whole OBJECT IDENTIFIERs' contents.
constexpr std::uint8_t kEcPublicKey[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};
constexpr std::uint8_t kPrime256v1[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
constexpr std::uint8_t kCommonName[] = {0x55, 0x04, 0x03};
constexpr std::uint8_t kBasicConstraints[] = {0x55, 0x1d, 0x13};
constexpr std::uint8_t kKeyUsage[] = {0x55, 0x1d, 0x0f};
constexpr std::uint8_t kSgxExtension[] = {0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01};
constexpr std::uint32_t kVersion3 = 2;

bool same(Bytes a, Bytes b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

Error malformed(const char* what) { return Error(Errc::invalid, what); }

std::string_view as_text(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

Result<Validity> parse_validity(Bytes content) {
  DerReader reader(content);
  const DerElement from = TRY(reader.next()), until = TRY(reader.next());
  TRY(reader.finish());
  Validity validity{};
  validity.from = TRY(parse_x509_time(from.tag, from.content));
  validity.until = TRY(parse_x509_time(until.tag, until.content));
  return validity;
}

// KeyUsage is a BIT STRING with named bits, bit 0 first; at most nine.
Result<std::uint16_t> parse_key_usage(Bytes value) {
  const Bytes bits = TRY(der_whole(value, DerTag::bit_string)).content;
  if (bits.size() < 2 || bits.size() > 3 || bits[0] > 7) return malformed("malformed key usage");
  std::uint16_t usage = 0;
  for (std::size_t i = 0; i + 1 < bits.size(); ++i) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      if (bits[i + 1] & (0x80u >> bit)) usage = static_cast<std::uint16_t>(usage | 1u << (8 * i + bit));
    }
  }
  return usage;
}

}  // namespace

Result<UnixTime> parse_x509_time(std::uint8_t tag, Bytes content) {
  if (tag == static_cast<std::uint8_t>(DerTag::utc_time)) return parse_utc_time(as_text(content));
  if (tag == static_cast<std::uint8_t>(DerTag::generalized_time)) return parse_generalized_time(as_text(content));
  return malformed("malformed date");
}

Result<std::string_view> find_common_name(Bytes name) {
  std::string_view found;
  for (DerReader sets(TRY(der_whole(name, DerTag::sequence)).content); !sets.at_end();) {
    for (DerReader set(TRY(sets.expect(DerTag::set)).content); !set.at_end();) {
      DerReader pair(TRY(set.expect(DerTag::sequence)).content);
      const DerElement type = TRY(pair.expect(DerTag::object_identifier)), value = TRY(pair.next());
      TRY(pair.finish());
      if (!same(type.content, kCommonName)) continue;
      if (!found.empty()) return malformed("more than one common name");
      found = as_text(value.content);
    }
  }
  return found;
}

Result<Certificate> Certificate::parse(Bytes der) {
  if (der.size() > kCertificateSizeLimit) return malformed("larger than 8 KiB, which no certificate of Intel's is");
  Certificate certificate;
  certificate.der_.assign(der.begin(), der.end());
  TRY(certificate.parse_all());
  return certificate;
}

Result<void> Certificate::parse_all() {
  const SignedDer parts = TRY(parse_signed_der(der_));
  signature_ = parts.signature;
  signed_digest_ = parts.digest;
  return parse_signed_part(parts.content);
}

Result<void> Certificate::parse_signed_part(Bytes content) {
  DerReader reader(content);
  const Bytes version = TRY(reader.expect(DerTag::context_0)).content;
  if (TRY(der_small(TRY(der_whole(version, DerTag::integer)), 255)) != kVersion3)
    return Error(Errc::unsupported, "the certificate's version is not 3");
  serial_ = TRY(der_unsigned(TRY(reader.expect(DerTag::integer))));
  TRY(expect_ecdsa_sha256(TRY(reader.expect(DerTag::sequence)).content));
  issuer_ = TRY(reader.expect(DerTag::sequence)).whole;
  validity_ = TRY(parse_validity(TRY(reader.expect(DerTag::sequence)).content));
  subject_ = TRY(reader.expect(DerTag::sequence)).whole;
  TRY(find_common_name(issuer_));
  common_name_ = TRY(find_common_name(subject_));
  TRY(parse_key(TRY(reader.expect(DerTag::sequence)).content));
  const Bytes extensions = TRY(reader.expect(DerTag::context_3)).content;
  TRY(reader.finish());
  return parse_extensions(TRY(der_whole(extensions, DerTag::sequence)).content);
}

Result<void> Certificate::parse_key(Bytes content) {
  DerReader reader(content);
  DerReader algorithm(TRY(reader.expect(DerTag::sequence)).content);
  const Bytes type = TRY(algorithm.expect(DerTag::object_identifier)).content;
  const Bytes curve = TRY(algorithm.expect(DerTag::object_identifier)).content;
  TRY(algorithm.finish());
  const Bytes point = TRY(der_octets_of_bits(TRY(reader.expect(DerTag::bit_string))));
  TRY(reader.finish());
  if (!same(type, kEcPublicKey) || !same(curve, kPrime256v1))
    return Error(Errc::unsupported, "the certificate's key is not of the curve P-256");
  if (point.size() != 65 || point[0] != 0x04) return malformed("the certificate's public key is no uncompressed point");
  auto key = P256Key::from_point(point.last<64>());
  if (!key.ok()) return malformed("the certificate's public key is not a point of the curve P-256");
  key_.emplace(std::move(key).take());
  return {};
}

Result<void> Certificate::parse_extensions(Bytes content) {
  unsigned seen = 0;
  for (DerReader reader(content); !reader.at_end();)
    TRY(parse_extension(TRY(reader.expect(DerTag::sequence)).content, seen));
  return {};
}

Result<void> Certificate::parse_extension(Bytes content, unsigned& seen) {
  DerReader reader(content);
  const Bytes type = TRY(reader.expect(DerTag::object_identifier)).content;
  bool critical = false;
  if (reader.sees(DerTag::boolean)) {
    const Bytes value = TRY(reader.next()).content;
    // DER writes no default, so a FALSE is as malformed as a TRUE that is not 0xff.
    if (value.size() != 1 || value[0] != 0xff) return malformed("malformed DER");
    critical = true;
  }
  const Bytes value = TRY(reader.expect(DerTag::octet_string)).content;
  TRY(reader.finish());
  unsigned bit = 0;
  if (same(type, kBasicConstraints)) {
    bit = 1;
    DerReader constraints(TRY(der_whole(value, DerTag::sequence)).content);
    if (constraints.sees(DerTag::boolean))
      is_ca_ = same(TRY(constraints.next()).content, std::array{std::uint8_t{0xff}});
    if (!constraints.at_end()) path_length_ = TRY(der_small(TRY(constraints.expect(DerTag::integer)), 255));
    TRY(constraints.finish());
  } else if (same(type, kKeyUsage)) {
    bit = 2;
    key_usage_ = TRY(parse_key_usage(value));
  } else if (same(type, kSgxExtension)) {
    bit = 4;
    sgx_extension_ = value;
  } else if (critical) {
    return Error(Errc::unsupported, "the certificate has a critical extension that is not known");
  }
  if (seen & bit) return malformed("an extension of the certificate is there twice");
  seen |= bit;
  return {};
}

bool Certificate::names_itself() const { return same(issuer_, subject_); }

}  // namespace cloister::dcap
