// SPDX-License-Identifier: Apache-2.0
// The enclave author's private key: RSA-3072 with exponent 3, in PEM. Owner's tools only; never in an enclave image (it
// needs OpenSSL's EVP layer). Keys that live in hardware use signed_bytes() and set_signature() of sigstruct.h instead.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include "src/base/result.h"
#include "src/sgx/sigstruct.h"

struct evp_pkey_st;

namespace cloister::sgx {

class SigningKey {
 public:
  // Errc::io when the random generator or OpenSSL fails.
  static Result<SigningKey> generate();
  // An unencrypted PEM, PKCS #1 or PKCS #8. Errc::invalid for what is no private key, Errc::unsupported for one that is
  // not RSA-3072 with exponent 3.
  static Result<SigningKey> from_pem(std::string_view pem);

  // PKCS #8. Secret.
  Result<std::string> to_pem() const;
  RsaNumber modulus() const { return modulus_; }
  Digest mrsigner() const { return sha256(modulus_); }
  // Signs all that is set in `sigstruct` and completes it with MODULUS, EXPONENT, SIGNATURE, Q1 and Q2.
  Result<void> sign(Sigstruct& sigstruct) const;

 private:
  explicit SigningKey(std::shared_ptr<evp_pkey_st> key, const RsaNumber& modulus) : key_(key), modulus_(modulus) {}
  static Result<SigningKey> adopt(evp_pkey_st* key);

  std::shared_ptr<evp_pkey_st> key_;
  RsaNumber modulus_;
};

// A new development key as PEM.
Result<std::string> generate_signing_key();

}  // namespace cloister::sgx
