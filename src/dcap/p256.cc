// SPDX-License-Identifier: Apache-2.0
// OpenSSL 3 wants keys to be made through its providers, which takes 15 microseconds for a point and 5 more for each
// verification; a quote brings a new key every time. The same code is reached directly by the older names.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "src/dcap/p256.h"
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/obj_mac.h>
#include <algorithm>
#include "src/dcap/openssl_pointers.h"

namespace cloister::dcap {
namespace {

// One half of the signature as a DER INTEGER; the size that it takes.
std::size_t put_integer(std::uint8_t* out, std::span<const std::uint8_t, 32> number) {
  std::size_t skip = 0;
  while (skip < 31 && number[skip] == 0) ++skip;
  const std::size_t pad = number[skip] >> 7, size = 32 - skip;
  out[0] = 0x02;
  out[1] = static_cast<std::uint8_t>(pad + size);
  out[2] = 0;
  std::copy(number.begin() + static_cast<std::ptrdiff_t>(skip), number.end(), out + 2 + pad);
  return 2 + pad + size;
}

}  // namespace

P256Key::P256Key(std::shared_ptr<ec_key_st> key, std::span<const std::uint8_t, 64> point) : key_(std::move(key)) {
  std::copy(point.begin(), point.end(), point_.begin());
}

Result<P256Key> P256Key::from_point(std::span<const std::uint8_t, 64> point) {
  static const EC_GROUP* const group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
  std::uint8_t uncompressed[65] = {0x04};
  std::copy(point.begin(), point.end(), uncompressed + 1);
  std::shared_ptr<EC_KEY> key(EC_KEY_new(), EC_KEY_free);
  // EC_KEY_oct2key decodes the point and checks that it is on the curve; the curve's cofactor is 1.
  if (!group || !key || !EC_KEY_set_group(key.get(), group) ||
      !EC_KEY_oct2key(key.get(), uncompressed, sizeof uncompressed, nullptr)) {
    clear_openssl_errors();
    return Error(Errc::invalid, "not a point of the curve P-256");
  }
  return P256Key(std::move(key), point);
}

bool P256Key::verify(const Digest& digest, std::span<const std::uint8_t, 64> signature) const {
  std::uint8_t der[2 + 2 * 35];
  std::size_t size = put_integer(der + 2, signature.first<32>());
  size += put_integer(der + 2 + size, signature.last<32>());
  der[0] = 0x30;
  der[1] = static_cast<std::uint8_t>(size);
  const bool holds = ECDSA_verify(0, digest.data(), digest.size(), der, static_cast<int>(size + 2), key_.get()) == 1;
  if (!holds) clear_openssl_errors();
  return holds;
}

}  // namespace cloister::dcap
