// SPDX-License-Identifier: Apache-2.0
// The evidence in a certificate: which published format, the quote, and whether the quote vouches for the certificate's
// key. Both sides; pure. It never authenticates anybody: a certificate can be copied, and what is in it says nothing of
// when and to whom (docs/evidence-certificates.md). Quotes are verified by src/dcap.
#pragma once
#include "src/dcap/quote.h"
#include "src/ratls/certificate.h"

namespace cloister::ratls {

enum class Format : std::uint8_t {
  tagged,        // TCG's OID, CBOR with claims: Interoperable RA-TLS
  gramine,       // Gramine's own OID, a bare quote
  intel_copy,    // Intel's samples: the tagged evidence's quote again
  open_enclave,  // Open Enclave and EGo: a header and a quote
};

// What must be in REPORTDATA: a SHA-256 in the first half and zeros in the second.
enum class Binding : std::uint8_t {
  claims,           // of the claims, which have the hash of SubjectPublicKeyInfo
  public_key,       // of SubjectPublicKeyInfo in DER
  public_key_text,  // of SubjectPublicKeyInfo in PEM with the final NUL
};

struct Claim {
  std::string_view name;
  Bytes value;
};
inline constexpr std::size_t kClaimsSizeLimit = 4096, kClaimsLimit = 64;

// Views into the certificate.
struct Evidence {
  Format format;
  Bytes oid;
  dcap::Quote quote;
  Bytes claims_bytes;         // tagged alone
  std::vector<Claim> claims;  // no name twice

  // Empty where there is no such claim.
  Bytes claim(std::string_view name) const;
};

inline constexpr char kPublicKeyClaim[] = "pubkey-hash", kNonceClaim[] = "nonce";

// All evidence in the certificate, tagged evidence first. Errc::unsupported where there is none, Errc::invalid for
// evidence that is malformed.
Result<std::vector<Evidence>> find_evidence(const Certificate& certificate);

// How the quote is bound to the certificate's key; Errc::mismatch where it is not, with the cause.
Result<Binding> check_binding(const Evidence& evidence, const Certificate& certificate);

// Every quote is bound, and where there are several they are of one enclave. The bindings in the evidence's order.
Result<std::vector<Binding>> check_bindings(const std::vector<Evidence>& evidence, const Certificate& certificate);

// Errc::mismatch unless the claims have this nonce.
Result<void> check_nonce(const Evidence& evidence, Bytes nonce);

}  // namespace cloister::ratls
