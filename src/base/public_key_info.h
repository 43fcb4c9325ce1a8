// SPDX-License-Identifier: Apache-2.0
// What precedes a public key's bytes in its SubjectPublicKeyInfo (RFC 5480, RFC 8410), whose SHA-256 names the key.
// Both sides; constants only.
#pragma once
#include <cstdint>

namespace cloister {
// Before an uncompressed point of P-256 (64 bytes).
inline constexpr std::uint8_t kP256KeyPrefix[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                                                  0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
                                                  0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04};
// Before the 32 bytes of an Ed25519 key.
inline constexpr std::uint8_t kEd25519KeyPrefix[] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                                     0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
}  // namespace cloister
