// SPDX-License-Identifier: Apache-2.0
#include "src/ratls/certificate.h"
#include <algorithm>
#include "src/dcap/certificate.h"
#include "src/dcap/chain.h"
#include "src/dcap/der.h"
#include "src/ratls/oids.h"
#include "src/ratls/public_key.h"

namespace cloister::ratls {
namespace {

using dcap::DerElement;
using dcap::DerReader;
using dcap::DerTag;

constexpr std::uint32_t kVersion3 = 2;

Error malformed(const char* what) { return Error(Errc::invalid, what); }

Result<dcap::Validity> parse_validity(Bytes content) {
  DerReader reader(content);
  const DerElement from = TRY(reader.next()), until = TRY(reader.next());
  TRY(reader.finish());
  dcap::Validity validity{};
  validity.from = TRY(dcap::parse_x509_time(from.tag, from.content));
  validity.until = TRY(dcap::parse_x509_time(until.tag, until.content));
  return validity;
}

Result<Extension> parse_extension(Bytes content) {
  DerReader reader(content);
  Extension extension{};
  extension.oid = TRY(reader.expect(DerTag::object_identifier)).content;
  if (reader.sees(DerTag::boolean)) {
    const Bytes value = TRY(reader.next()).content;
    // DER writes no default, but some that make certificates do.
    if (value.size() != 1 || (value[0] != 0 && value[0] != 0xff)) return malformed("malformed DER");
    extension.critical = value[0] != 0;
  }
  extension.value = TRY(reader.expect(DerTag::octet_string)).content;
  TRY(reader.finish());
  return extension;
}

Result<std::vector<Extension>> parse_extensions(Bytes content) {
  std::vector<Extension> extensions;
  for (DerReader reader(content); !reader.at_end();) {
    if (extensions.size() == kExtensionsLimit) return malformed("the certificate has more than 64 extensions");
    const Extension extension = TRY(parse_extension(TRY(reader.expect(DerTag::sequence)).content));
    const auto is_the_same = [&](const Extension& other) { return same(other.oid, extension.oid); };
    if (std::ranges::any_of(extensions, is_the_same)) return malformed("the certificate has an extension twice");
    extensions.push_back(extension);
  }
  return extensions;
}

Result<void> parse_signed_part(Bytes content, Certificate& certificate) {
  DerReader reader(content);
  const Bytes version = TRY(reader.expect(DerTag::context_0)).content;
  if (TRY(dcap::der_small(TRY(dcap::der_whole(version, DerTag::integer)), 255)) != kVersion3)
    return Error(Errc::unsupported, "the certificate's version is not 3");
  TRY(reader.expect(DerTag::integer));  // the serial number says nothing here
  if (!same(TRY(reader.expect(DerTag::sequence)).content, certificate.signature_algorithm))
    return malformed("the certificate names two signature algorithms");
  certificate.issuer_common_name = TRY(dcap::find_common_name(TRY(reader.expect(DerTag::sequence)).whole));
  certificate.validity = TRY(parse_validity(TRY(reader.expect(DerTag::sequence)).content));
  certificate.common_name = TRY(dcap::find_common_name(TRY(reader.expect(DerTag::sequence)).whole));
  certificate.public_key = TRY(reader.expect(DerTag::sequence)).whole;
  if (reader.at_end()) return {};
  const Bytes extensions = TRY(reader.expect(DerTag::context_3)).content;
  TRY(reader.finish());
  certificate.extensions = TRY(parse_extensions(TRY(dcap::der_whole(extensions, DerTag::sequence)).content));
  return {};
}

}  // namespace

bool looks_like_certificate(Bytes bytes) {
  return dcap::looks_like_pem(bytes) || (!bytes.empty() && bytes[0] == static_cast<std::uint8_t>(DerTag::sequence));
}

Result<OwnedBytes> certificate_der(Bytes bytes) {
  if (!dcap::looks_like_pem(bytes)) return OwnedBytes(bytes.begin(), bytes.end());
  auto blocks = TRY(dcap::parse_pem({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, "CERTIFICATE", 1));
  return std::move(blocks[0]);
}

Result<Certificate> parse_certificate(Bytes der) {
  if (der.size() > kCertificateSizeLimit) return malformed("larger than 256 KiB, which no certificate is");
  DerReader parts(TRY(dcap::der_whole(der, DerTag::sequence)).content);
  Certificate certificate;
  const DerElement signed_part = TRY(parts.expect(DerTag::sequence));
  certificate.signed_part = signed_part.whole;
  certificate.signature_algorithm = TRY(parts.expect(DerTag::sequence)).content;
  certificate.signature = TRY(dcap::der_octets_of_bits(TRY(parts.expect(DerTag::bit_string))));
  TRY(parts.finish());
  TRY(parse_signed_part(signed_part.content, certificate));
  return certificate;
}

Result<void> check_certificate(const Certificate& certificate, dcap::UnixTime time) {
  const PublicKey key = TRY(PublicKey::read(certificate.public_key));
  TRY(key.verify(certificate.signature_algorithm, certificate.signed_part, certificate.signature));
  for (const Extension& extension : certificate.extensions)
    if (extension.critical && !is_known(extension.oid))
      return Error(Errc::unsupported, "the certificate has a critical extension that is not known");
  return check_dates(certificate.validity, time,
                     {"the certificate is expired", "the certificate was issued in the future"});
}

}  // namespace cloister::ratls
