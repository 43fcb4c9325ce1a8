// SPDX-License-Identifier: Apache-2.0
// Makes certificates that carry tagged evidence. In the enclave whose key and quote they are; pure but for the
// signature's randomness. In this order: claims, their REPORTDATA, a quote over it, the certificate.
#pragma once
#include <array>
#include <string>
#include "src/ratls/evidence.h"

struct evp_pkey_st;

namespace cloister::ratls {

// The claim by which CAS says what its certificate is. It keeps these claims apart from all others that the same
// enclave may have quoted, besides being text that begins none of the release protocol's labels.
inline constexpr char kPurposeClaim[] = "cloister-purpose", kPurposeOfCas[] = "cloister-cas-certificate-v1";

// For the key with this SubjectPublicKeyInfo; `nonce` and `purpose` are left out where they are empty.
OwnedBytes make_claims(Bytes public_key, Bytes nonce, std::string_view purpose);
std::array<std::uint8_t, 64> report_data(Bytes claims);

struct CertificateRequest {
  std::string common_name;
  dcap::Validity validity;
  Bytes quote, claims;
};
// Self-signed with `key` (SHA-256), in DER.
Result<OwnedBytes> make_certificate(const CertificateRequest& request, evp_pkey_st* key);

}  // namespace cloister::ratls
