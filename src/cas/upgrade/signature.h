// SPDX-License-Identifier: Apache-2.0
// Signatures over statements: ECDSA with SHA-256. Owner's side and CAS. Every statement begins with a label of its own
// that ends with NUL; TLS, whose keys these are, signs nothing that begins so.
#pragma once
#include "src/base/fields.h"

struct evp_pkey_st;

namespace cloister::cas {

inline constexpr std::size_t kSignatureLimit = 80;  // bytes, in DER, for P-256
inline constexpr std::size_t kSigningKeySize = 91;  // SubjectPublicKeyInfo of P-256, DER

Result<std::vector<std::uint8_t>> sign_statement(evp_pkey_st& key, Bytes statement);
// Errc::mismatch when it is not this key's signature, Errc::invalid when `key` is none of P-256.
Result<void> verify_statement(Bytes key, Bytes statement, Bytes signature);

}  // namespace cloister::cas
