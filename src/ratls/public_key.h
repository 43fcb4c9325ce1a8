// SPDX-License-Identifier: Apache-2.0
// Public keys of certificates with evidence: P-256, P-384, P-521, RSA of 2048 to 8192 bits, Ed25519. Both sides. What
// reaches OpenSSL has been read here first: named curves only, bounded numbers.
#pragma once
#include <memory>
#include "src/base/result.h"
#include "src/dcap/byte_reader.h"

struct evp_pkey_st;

namespace cloister::ratls {

class PublicKey {
 public:
  // `key_info` is a SubjectPublicKeyInfo with tag and length. Errc::unsupported for other keys.
  static Result<PublicKey> read(dcap::Bytes key_info);

  // Such as "EC P-256".
  const char* kind() const { return kind_; }
  // `algorithm` is the contents of an AlgorithmIdentifier: ECDSA or RSA (PKCS #1 v1.5) with SHA-256, SHA-384 or
  // SHA-512, or Ed25519. Errc::mismatch where the signature does not hold.
  Result<void> verify(dcap::Bytes algorithm, dcap::Bytes message, dcap::Bytes signature) const;

 private:
  PublicKey(std::shared_ptr<evp_pkey_st> key, const char* kind) : key_(std::move(key)), kind_(kind) {}

  std::shared_ptr<evp_pkey_st> key_;
  const char* kind_;
};

}  // namespace cloister::ratls
