// SPDX-License-Identifier: Apache-2.0
// The RSA arithmetic of SIGSTRUCT: 3072 bits, exponent 3, numbers little-endian. Host side. Public numbers only, so it
// need not run in constant time. Allocates a few kilobytes, never by an input's wish.
#pragma once
#include <cstdint>
#include <span>
#include "abi/sgx/sigstruct.h"
#include "src/base/result.h"
#include "src/sgx/measurement.h"

namespace cloister::sgx {

using RsaBytes = std::span<const std::uint8_t, kRsaSize>;

// The padded message of RFC 8017, 9.2 (EMSA-PKCS1-v1_5, SHA-256), little-endian.
std::array<std::uint8_t, kRsaSize> padded_digest(const Digest& digest);

// Q1 = floor(S^2 / N), Q2 = floor((S^3 - Q1*S*N) / N). Errc::invalid unless N has 3072 bits and S < N.
struct Quotients {
  std::array<std::uint8_t, kRsaSize> q1, q2;
};
Result<Quotients> compute_quotients(RsaBytes modulus, RsaBytes signature);

// S^3 mod N is `padded`. Errc::invalid as above, Errc::mismatch otherwise.
Result<void> check_cube(RsaBytes modulus, RsaBytes signature, RsaBytes padded);
// The same and Q1, Q2 right, with four multiplications. There is exactly one Q1 with 0 <= S^2 - Q1*N < N, and one Q2.
Result<void> check_cube_with_quotients(RsaBytes modulus, RsaBytes signature, RsaBytes q1, RsaBytes q2, RsaBytes padded);

}  // namespace cloister::sgx
