// SPDX-License-Identifier: Apache-2.0
// ECDSA with P-256 and SHA-256, verification only, by OpenSSL. Both sides.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include "src/base/result.h"
#include "src/dcap/byte_reader.h"
#include "src/sgx/measurement.h"

struct ec_key_st;

namespace cloister::dcap {

using sgx::Digest;

class P256Key {
 public:
  // x and y, each big-endian. Errc::invalid for what is no point of the curve.
  static Result<P256Key> from_point(std::span<const std::uint8_t, 64> point);

  // `signature` is r and s, each of 32 bytes, big-endian.
  bool verify(const Digest& digest, std::span<const std::uint8_t, 64> signature) const;

  const std::array<std::uint8_t, 64>& point() const { return point_; }
  bool operator==(const P256Key& other) const { return point_ == other.point_; }

 private:
  P256Key(std::shared_ptr<ec_key_st> key, std::span<const std::uint8_t, 64> point);

  std::shared_ptr<ec_key_st> key_;
  std::array<std::uint8_t, 64> point_;
};

}  // namespace cloister::dcap
