// SPDX-License-Identifier: Apache-2.0
// The owner's signature below a statement, with the key that it is by. Owner's side and CAS.
#pragma once
#include "src/cas/upgrade/signature.h"
#include "src/sgx/measurement.h"

namespace cloister::cas {

struct OwnerSignature {
  std::vector<std::uint8_t> owner_key;  // SubjectPublicKeyInfo, DER
  std::vector<std::uint8_t> signature;  // ECDSA over SHA-256, DER
};

Result<OwnerSignature> sign_as_owner(evp_pkey_st& owner_key, Bytes statement);

void write(FieldWriter<std::vector<std::uint8_t>>& to, const OwnerSignature& signature);
// Errc::invalid with `error` for what write() does not make.
Result<OwnerSignature> read_owner_signature(FieldReader& from, const char* error);

// Errc::mismatch with one of these texts.
struct OwnerSignatureErrors {
  const char* by_another;
  const char* does_not_hold;
};
Result<void> verify(const OwnerSignature& signature, const sgx::Digest& owner_key_hash, Bytes statement,
                    const OwnerSignatureErrors& errors);

}  // namespace cloister::cas
