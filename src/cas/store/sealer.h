// SPDX-License-Identifier: Apache-2.0
// Seals bytes for a host that may change, swap and keep them. In the enclave; thread-safe.
//
//   sealed = nonce (24 random bytes) ‖ AES-256-GCM ciphertext ‖ tag (16)
//   key    = HMAC-SHA256(purpose's key, "seal" ‖ nonce[0..12])       the GCM nonce is nonce[12..24]
//
// Nothing counts up: a host that brings an old database back would make a counter give the same nonce twice. Random
// 96-bit nonces under one key would be good for 2^32 seals (SP 800-38D), some months of load. With a fresh key for each
// half of the nonce, chance repeats a pair with probability 2^-32 only after 2^80 seals.
#pragma once
#include <memory>
#include "src/base/fields.h"
#include "src/base/secret.h"

struct evp_cipher_st;

namespace cloister::cas {

class Sealer {
 public:
  static constexpr std::size_t kOverhead = 24 + 16;
  static Result<Sealer> make(SecretBytes key);

  // `bound` is authenticated and not stored: what the bytes are and where they belong.
  Result<std::vector<std::uint8_t>> seal(Bytes bound, Bytes plain) const;
  // Errc::mismatch when these are not bytes that seal() made under this key for `bound`.
  Result<SecretBytes> unseal(Bytes bound, Bytes sealed) const;

 private:
  Sealer(SecretBytes key, std::shared_ptr<evp_cipher_st> cipher) : key_(std::move(key)), cipher_(std::move(cipher)) {}

  SecretBytes key_;
  std::shared_ptr<evp_cipher_st> cipher_;
};

}  // namespace cloister::cas
