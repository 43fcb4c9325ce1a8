// SPDX-License-Identifier: Apache-2.0
// X.509 certificates of sessions: issued, read and judged. Inside CAS's enclave; OpenSSL does the work.
//
// What is issued: version 3, a serial number of 20 random bytes, the subject's only field is its common name. An
// authority has basicConstraints with CA and, where it has one, its path length, and may sign certificates and CRLs.
// Any other has the right to sign (and, with an RSA key, to encipher keys), and extended key usage where an endpoint is
// named. Subject and authority key identifiers are the leading 160 bits of SHA-256 over the key (RFC 7093, method 1).
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>
#include "src/base/secret.h"
#include "src/cas/secrets/openssl.h"
#include "src/dcap/time.h"
#include "src/session/model.h"

namespace cloister::cas {

// Clocks of those who verify may be a little behind.
inline constexpr dcap::UnixTime kBackdated = 300;
inline constexpr std::size_t kCommonNameLimit = 64;  // X.520

struct CertificateRequest {
  std::string common_name;
  bool authority = false;
  std::optional<std::uint32_t> path_length = {};  // of an authority
  session::Endpoint endpoint = session::Endpoint::any;
  std::vector<session::AlternativeName> names = {};
  dcap::UnixTime now = 0;
  // From now on; without it as good as for ever (RFC 5280, 4.1.2.5). Never longer than the issuer's.
  std::optional<std::uint64_t> valid_seconds = {};
};
struct Issuer {
  const X509& certificate;
  EVP_PKEY& key;
};

// Self-signed where there is no issuer. The issuer must pass check_may_issue().
Result<X509Pointer> issue_certificate(const CertificateRequest& request, EVP_PKEY& subject, const Issuer* issuer);

// Whether `issuer` is an authority in force at `now` that may sign a certificate, or another authority's.
enum class Subject { authority, end_entity };
Result<void> check_may_issue(const X509& issuer, Subject subject, dcap::UnixTime now);
std::optional<std::uint32_t> path_length(const X509& certificate);

// The certificate, and behind it its chain, as they stand in the text.
Result<std::vector<X509Pointer>> certificates_from_pem(std::string_view text);
Result<X509Pointer> certificate_from_der(std::span<const std::uint8_t> der);
Result<SecretBytes> certificate_der(const X509& certificate);

// By basicConstraints, and its key usage does not forbid to sign certificates.
bool is_authority(const X509& certificate);
// By name, key identifier and signature.
bool is_issued_by(const X509& certificate, const X509& issuer);
// By name and key: what the one has issued is issued by the other, too.
bool is_same_issuer(const X509& one, const X509& other);
bool belongs_to(const X509& certificate, const EVP_PKEY& key);

}  // namespace cloister::cas
