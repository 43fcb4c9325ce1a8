// SPDX-License-Identifier: Apache-2.0
// X25519 with a key that lives as long as one hand-over. Inside CAS's enclave.
#pragma once
#include <array>
#include <memory>
#include "src/base/fields.h"
#include "src/base/secret.h"

struct evp_pkey_st;

namespace cloister::cas {

class ExchangeKey {
 public:
  using Public = std::array<std::uint8_t, 32>;
  static Result<ExchangeKey> generate();
  const Public& public_key() const { return public_key_; }
  // 32 bytes that only the two ends can compute, under HKDF-SHA256 with `info`. Errc::invalid for a peer's key that is
  // none.
  Result<SecretBytes> shared_key(const Public& peer, Bytes info) const;

 private:
  ExchangeKey(std::shared_ptr<evp_pkey_st> key, const Public& public_key)
      : key_(std::move(key)), public_key_(public_key) {}
  std::shared_ptr<evp_pkey_st> key_;  // OpenSSL clears it when it goes
  Public public_key_;
};

}  // namespace cloister::cas
