// SPDX-License-Identifier: Apache-2.0
// Certificate revocation lists (X.509 v2), as Intel issues them for PCK and CA certificates. Both sides; pure
// functions.
#pragma once
#include <cstdint>
#include <memory>
#include "src/base/result.h"
#include "src/dcap/certificate.h"

namespace cloister::dcap {

// Intel's lists have some kilobytes (30 bytes for each revoked certificate).
inline constexpr std::size_t kCrlSizeLimit = 4 * 1024 * 1024;

class Crl {
 public:
  // Keeps a copy of `der`; the list of revoked certificates stays in it and is searched there.
  static Result<Crl> parse(Bytes der);
  Crl(Crl&&) = default;

  Bytes der() const { return der_; }
  const Digest& signed_digest() const { return signed_digest_; }
  const std::array<std::uint8_t, 64>& signature() const { return signature_; }
  Bytes issuer() const { return issuer_; }
  const Validity& validity() const { return validity_; }  // thisUpdate to nextUpdate
  // CRL number: big-endian digits without leading zeros. A list that replaces another has a number at least as high.
  Bytes number() const { return number_; }
  std::size_t revoked_count() const { return revoked_count_; }
  // Whether the certificate with this serial number (without leading zeros) is listed, whatever the date and reason:
  // what was taken back once is not trusted again.
  bool revokes(Bytes serial) const;

 private:
  Crl() = default;
  Result<void> parse_all();
  Result<void> parse_signed_part(Bytes content);
  Result<void> parse_revoked();
  Result<void> parse_extensions(Bytes content);

  OwnedBytes der_;  // all views below lead into it
  Digest signed_digest_{};
  std::array<std::uint8_t, 64> signature_{};
  Bytes issuer_, revoked_, number_;
  Validity validity_{};
  std::size_t revoked_count_ = 0;
};

using CrlPointer = std::shared_ptr<const Crl>;

}  // namespace cloister::dcap
