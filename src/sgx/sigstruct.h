// SPDX-License-Identifier: Apache-2.0
// SIGSTRUCT: read, complete, verify. Host side and owner's tools; pure functions over bytes, no private keys
// (signing_key.h has those). Not for an enclave image: OpenSSL's big numbers pull in its error texts, and with them all
// of EVP.
//
// verify() holds when no bit of the 1808 bytes can be changed: constants and reserved bytes have their one value, bytes
// [0, 128) and [900, 1028) are signed, and MODULUS, SIGNATURE, Q1 and Q2 fit each other in exactly one way. The SDM
// leaves no byte free: the only reserved bytes outside the signature, [1028, 1040), must be zero. Source: Intel SDM
// vol. 3D, SIGSTRUCT and the operation of EINIT; RFC 8017 for the padding.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include "abi/sgx/sigstruct.h"
#include "src/base/result.h"
#include "src/sgx/measurement.h"

namespace cloister::sgx {

using RsaNumber = std::array<std::uint8_t, kRsaSize>;  // little-endian

// Errc::invalid unless there are exactly 1808 bytes. Checks nothing else.
Result<Sigstruct> parse_sigstruct(std::span<const std::uint8_t> bytes);
std::span<const std::uint8_t, sizeof(Sigstruct)> bytes_of(const Sigstruct& sigstruct);

// HEADER, HEADER2 and EXPONENT filled in, everything else zero.
Sigstruct blank_sigstruct();

// What has to be signed: bytes [0, 128) followed by [900, 1028).
std::array<std::uint8_t, 256> signed_bytes(const Sigstruct& sigstruct);
// Puts in the public key and a PKCS #1 v1.5 SHA-256 signature over signed_bytes() (both little-endian), and computes Q1
// and Q2. Does not verify. Errc::invalid for a modulus that is no 3072-bit number, or a signature that is not below it.
Result<void> set_signature(Sigstruct& sigstruct, const RsaNumber& modulus, const RsaNumber& signature);

// SHA-256 of the modulus as stored.
Digest mrsigner(const Sigstruct& sigstruct);

// Header constants, vendor (0 or Intel's), exponent and reserved bytes. Errc::invalid names what is wrong.
Result<void> check_format(const Sigstruct& sigstruct);
// The RSA signature, from SIGNATURE and MODULUS alone. Errc::mismatch.
Result<void> check_signature(const Sigstruct& sigstruct);
// Q1 and Q2 are what SIGNATURE and MODULUS give. Errc::mismatch.
Result<void> check_quotients(const Sigstruct& sigstruct);
// All three, as EINIT does it: by multiplication with Q1 and Q2, without a division.
Result<void> verify(const Sigstruct& sigstruct);

}  // namespace cloister::sgx
