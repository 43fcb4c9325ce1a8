// SPDX-License-Identifier: Apache-2.0
// X.509 certificates as far as Intel's provisioning certification needs them: version 3, P-256, ecdsa-with-SHA256. Both
// sides; no I/O. Strict: what is not understood and critical is refused. A parsed certificate is a claim;
// verify_chain() of chain.h judges it.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include "src/base/result.h"
#include "src/dcap/byte_reader.h"
#include "src/dcap/p256.h"
#include "src/dcap/pem.h"
#include "src/dcap/time.h"

namespace cloister::dcap {

// PCK certificates have about 1300 bytes.
inline constexpr std::size_t kCertificateSizeLimit = 8 * 1024;

// X.509's key usage bits that matter here.
inline constexpr std::uint16_t kUsageDigitalSignature = 1u << 0;
inline constexpr std::uint16_t kUsageCertificateSign = 1u << 5;
inline constexpr std::uint16_t kUsageCrlSign = 1u << 6;

class Certificate {
 public:
  // Keeps a copy of `der`.
  static Result<Certificate> parse(Bytes der);
  Certificate(Certificate&&) = default;

  Bytes der() const { return der_; }
  // The digest of the to-be-signed part and the issuer's signature over it.
  const Digest& signed_digest() const { return signed_digest_; }
  const std::array<std::uint8_t, 64>& signature() const { return signature_; }
  Bytes serial() const { return serial_; }  // without leading zeros
  Bytes issuer() const { return issuer_; }  // the whole DER Name, compared byte by byte
  Bytes subject() const { return subject_; }
  std::string_view common_name() const { return common_name_; }  // of the subject; bytes as they are
  const Validity& validity() const { return validity_; }
  const P256Key& key() const { return *key_; }
  bool is_ca() const { return is_ca_; }
  std::optional<std::uint32_t> path_length() const { return path_length_; }
  std::uint16_t key_usage() const { return key_usage_; }
  // The contents of the SGX extension (1.2.840.113741.1.13.1); empty where there is none.
  Bytes sgx_extension() const { return sgx_extension_; }

  // Whether the certificate says that it issued itself; the signature is another question.
  bool names_itself() const;

 private:
  Certificate() = default;
  Result<void> parse_all();
  Result<void> parse_signed_part(Bytes content);
  Result<void> parse_key(Bytes content);
  Result<void> parse_extensions(Bytes content);
  Result<void> parse_extension(Bytes content, unsigned& seen);

  OwnedBytes der_;  // all views below lead into it
  Digest signed_digest_{};
  std::array<std::uint8_t, 64> signature_{};
  Bytes serial_, issuer_, subject_, sgx_extension_;
  std::string_view common_name_;
  Validity validity_{};
  std::optional<P256Key> key_;
  bool is_ca_ = false;
  std::optional<std::uint32_t> path_length_;
  std::uint16_t key_usage_ = 0;
};

using CertificatePointer = std::shared_ptr<const Certificate>;

// A Time: UTCTime or GeneralizedTime.
Result<UnixTime> parse_x509_time(std::uint8_t tag, Bytes content);
// The common name in a DER Name; empty where there is none. Errc::invalid for a malformed Name.
Result<std::string_view> find_common_name(Bytes name);

}  // namespace cloister::dcap
