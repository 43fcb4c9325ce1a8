// SPDX-License-Identifier: Apache-2.0
// What an owner signs so that a CAS may hand over to a new version of itself. Owner's side and CAS; pure.
//
// It names everything that it is about: which CAS, the MRENCLAVE that may take over, how many hand-overs there were
// before, and what the successor's platform may be. After that hand-over it authorises nothing any more.
#pragma once
#include "src/cas/upgrade/owner_signature.h"
#include "src/cas/policy/cas_policy.h"
#include "src/sgx/measurement.h"

struct evp_pkey_st;

namespace cloister::cas {

struct Authorisation {
  sgx::Digest cas_key_hash{};    // of the CAS that hands over
  std::uint64_t hand_overs = 0;  // of this CAS until now
  CasRequirements successor;
  bool operator==(const Authorisation&) const = default;
};

struct SignedAuthorisation : OwnerSignature {
  Authorisation content;
};

std::vector<std::uint8_t> encode(const SignedAuthorisation& authorisation);
// Errc::invalid for what encode() does not write.
Result<SignedAuthorisation> decode_authorisation(Bytes bytes);

Result<SignedAuthorisation> sign(const Authorisation& content, evp_pkey_st& owner_key);
// Errc::mismatch when the key is not the owner's, or the signature is not this key's for this content.
Result<void> verify(const SignedAuthorisation& authorisation, const sgx::Digest& owner_key_hash);

inline constexpr std::size_t kAuthorisationLimit = 16384;  // bytes of its encoding

}  // namespace cloister::cas
