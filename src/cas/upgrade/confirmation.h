// SPDX-License-Identifier: Apache-2.0
// The owner's word that a key is that of his CAS. Owner's side and CAS; pure.
//
// `cloister cas attest` gives it when the evidence has held, and CAS keeps it with the key. A store that was sealed
// under an older security version goes on with it alone: who has broken that version could make a store of his own,
// with a CAS key that he knows, and have it attested on a machine that is up to date.
#pragma once
#include "src/cas/upgrade/owner_signature.h"
#include "src/sgx/measurement.h"

struct evp_pkey_st;

namespace cloister::cas {

struct SignedConfirmation : OwnerSignature {
  sgx::Digest cas_key_hash{};
};

std::vector<std::uint8_t> encode(const SignedConfirmation& confirmation);
// Errc::invalid for what encode() does not write.
Result<SignedConfirmation> decode_confirmation(Bytes bytes);

Result<SignedConfirmation> confirm(const sgx::Digest& cas_key_hash, evp_pkey_st& owner_key);
// Errc::mismatch when it is about another key, by somebody else, or not signed by him.
Result<void> verify(const SignedConfirmation& confirmation, const sgx::Digest& cas_key_hash,
                    const sgx::Digest& owner_key_hash);

inline constexpr char kConfirmationRecord[] = "cas/confirmation";

}  // namespace cloister::cas
