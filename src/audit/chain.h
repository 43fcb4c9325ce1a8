// SPDX-License-Identifier: Apache-2.0
// The chain over audit entries and its signed heads. Both sides; pure functions.
//
//   H_0 = SHA-256("cloister-audit-log-v1" 00 ‖ audit key)        audit key: SubjectPublicKeyInfo of Ed25519, DER
//   H_n = SHA-256(H_{n-1} ‖ bytes of entry n)
//   a head's signature is over "cloister-audit-head-v1" 00 ‖ n (u64, little-endian) ‖ H_n
//
// Whoever holds a head knows every entry up to it. A signature says that CAS had this log once, not that it is the
// newest: that is what heads remembered by clients are for.
#pragma once
#include <memory>
#include <span>
#include "src/audit/entry.h"
#include "src/base/secret.h"

struct evp_pkey_st;

namespace cloister::audit {

using Signature = std::array<std::uint8_t, 64>;
inline constexpr std::size_t kAuditKeySize = 44;
using PublicKeyBytes = std::array<std::uint8_t, kAuditKeySize>;  // SubjectPublicKeyInfo, DER

struct Position {
  std::uint64_t sequence = 0;
  Digest hash{};
  bool operator==(const Position&) const = default;
};
struct Head {
  Position at;
  Signature signature{};
  bool operator==(const Head&) const = default;
};

Position chain_start(const PublicKeyBytes& key);
Position chain_next(const Position& before, Bytes entry);

// Errc::mismatch when the signature does not hold.
Result<void> verify_head(const Head& head, const PublicKeyBytes& key);

// The private key. OpenSSL keeps it and clears it when it goes.
class AuditKey {
 public:
  static Result<AuditKey> generate();
  static Result<AuditKey> from_seed(std::span<const std::uint8_t, 32> seed);
  Result<SecretBytes> seed() const;  // 32 bytes
  const PublicKeyBytes& public_key() const { return public_key_; }
  Result<Head> sign(const Position& position) const;

 private:
  AuditKey(std::shared_ptr<evp_pkey_st> key, const PublicKeyBytes& public_key) : key_(key), public_key_(public_key) {}
  static Result<AuditKey> adopt(evp_pkey_st* key);

  std::shared_ptr<evp_pkey_st> key_;
  PublicKeyBytes public_key_;
};

}  // namespace cloister::audit
