// SPDX-License-Identifier: Apache-2.0
#include "src/dcap/p256.h"
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
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

P256Key::P256Key(std::shared_ptr<evp_pkey_st> key, std::span<const std::uint8_t, 64> point) : key_(std::move(key)) {
  std::copy(point.begin(), point.end(), point_.begin());
}

Result<P256Key> P256Key::from_point(std::span<const std::uint8_t, 64> point) {
  std::uint8_t uncompressed[65] = {0x04};
  std::copy(point.begin(), point.end(), uncompressed + 1);
  char curve[] = "prime256v1";
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, curve, sizeof curve - 1),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, uncompressed, sizeof uncompressed),
      OSSL_PARAM_construct_end()};
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* key = nullptr;
  // OpenSSL decodes the point and checks that it is on the curve.
  if (!context || EVP_PKEY_fromdata_init(context.get()) <= 0 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, const_cast<OSSL_PARAM*>(parameters)) <= 0) {
    clear_openssl_errors();
    return Error(Errc::invalid, "not a point of the curve P-256");
  }
  return P256Key(std::shared_ptr<EVP_PKEY>(key, EVP_PKEY_free), point);
}

bool P256Key::verify(const Digest& digest, std::span<const std::uint8_t, 64> signature) const {
  std::uint8_t der[2 + 2 * 35];
  std::size_t size = put_integer(der + 2, signature.first<32>());
  size += put_integer(der + 2 + size, signature.last<32>());
  der[0] = 0x30;
  der[1] = static_cast<std::uint8_t>(size);
  const KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key_.get(), nullptr));
  const bool holds = context && EVP_PKEY_verify_init(context.get()) > 0 &&
                     EVP_PKEY_verify(context.get(), der, size + 2, digest.data(), digest.size()) == 1;
  if (!holds) clear_openssl_errors();
  return holds;
}

}  // namespace cloister::dcap
