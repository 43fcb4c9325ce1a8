// SPDX-License-Identifier: Apache-2.0
// What certificates and CRLs have in common: a signed part, ecdsa-with-SHA256, a signature (RFC 5280, 4.1 and 5.1).
// Pure functions over bytes.
#pragma once
#include <array>
#include "src/dcap/der.h"
#include "src/sgx/measurement.h"

namespace cloister::dcap {
struct SignedDer {
  Bytes content;  // of the signed part; lies in the input
  sgx::Digest digest{};
  std::array<std::uint8_t, 64> signature{};  // r || s, not verified
};
Result<SignedDer> parse_signed_der(Bytes der);
// The AlgorithmIdentifier ecdsa-with-SHA256, which the signed part repeats.
Result<void> expect_ecdsa_sha256(Bytes algorithm_identifier);
}  // namespace cloister::dcap
