// SPDX-License-Identifier: Apache-2.0
// X.509 certificates that carry evidence: any key, any extensions, signed by themselves. Both sides; no I/O, no
// recursion. dcap::Certificate is for Intel's, which are narrower. Parsing says what a certificate claims;
// check_certificate() judges what can be judged of it alone.
#pragma once
#include <string_view>
#include <vector>
#include "src/dcap/time.h"
#include "src/ratls/cbor.h"

namespace cloister::ratls {

// Two quotes with their certificate chains have 10 KB; endorsements may bring revocation lists.
inline constexpr std::size_t kCertificateSizeLimit = 256 * 1024;
inline constexpr std::size_t kExtensionsLimit = 64;

struct Extension {
  Bytes oid;  // the contents of the OBJECT IDENTIFIER
  bool critical;
  Bytes value;
};

// Views into the bytes that were parsed.
struct Certificate {
  Bytes signed_part;                    // with tag and length: what the signature is over
  Bytes signature_algorithm;            // contents of the AlgorithmIdentifier
  Bytes signature;                      // as the algorithm encodes it
  Bytes public_key;                     // SubjectPublicKeyInfo, with tag and length
  std::string_view common_name;         // of the subject; bytes as they are, empty where there is none
  std::string_view issuer_common_name;  // likewise
  dcap::Validity validity{};
  std::vector<Extension> extensions;  // no OID twice
};

// From PEM (one block) or DER; what `bytes` are then.
bool looks_like_certificate(Bytes bytes);
Result<OwnedBytes> certificate_der(Bytes bytes);
// Errc::invalid for what is no certificate, Errc::unsupported for what is not served.
Result<Certificate> parse_certificate(Bytes der);

// Signed with its own key, in force at `time`, and no critical extension that nobody here knows. Errc::mismatch or
// Errc::unsupported with the cause.
Result<void> check_certificate(const Certificate& certificate, dcap::UnixTime time);

}  // namespace cloister::ratls
