// SPDX-License-Identifier: Apache-2.0
// P-256 keys that the simulation signs with. Host side. OpenSSL keeps the scalar and clears it when the key goes.
#pragma once
#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include "src/base/result.h"
#include "src/dcap/p256.h"

struct evp_pkey_st;

namespace cloister::dcap::simulation {

class PrivateKey {
 public:
  static Result<PrivateKey> generate();
  // PKCS #8 in PEM, unencrypted.
  static Result<PrivateKey> from_pem(std::string_view pem);
  // The key that 48 bytes of a key derivation stand for: 1 + (number mod n - 1), so that no value is more probable.
  static Result<PrivateKey> from_seed(std::span<const std::uint8_t, 48> seed);

  Result<std::string> to_pem() const;  // secret
  const std::array<std::uint8_t, 64>& point() const { return point_; }
  // r and s of 32 bytes each.
  Result<std::array<std::uint8_t, 64>> sign(const Digest& digest) const;
  ::evp_pkey_st* openssl() const { return key_.get(); }

 private:
  PrivateKey(std::shared_ptr<evp_pkey_st> key, const std::array<std::uint8_t, 64>& point) : key_(key), point_(point) {}
  static Result<PrivateKey> adopt(evp_pkey_st* key);

  std::shared_ptr<evp_pkey_st> key_;
  std::array<std::uint8_t, 64> point_;
};

}  // namespace cloister::dcap::simulation
