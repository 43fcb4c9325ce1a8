// SPDX-License-Identifier: Apache-2.0
#include "src/dcap/simulation/private_key.h"
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <algorithm>
#include "src/dcap/der.h"
#include "src/dcap/openssl_pointers.h"

namespace cloister::dcap::simulation {
namespace {

using Bio = std::unique_ptr<BIO, FreeWith<BIO_free_all>>;
using Number = std::unique_ptr<BIGNUM, FreeWith<BN_clear_free>>;
using NumberContext = std::unique_ptr<BN_CTX, FreeWith<BN_CTX_free>>;
using Group = std::unique_ptr<EC_GROUP, FreeWith<EC_GROUP_free>>;
using CurvePoint = std::unique_ptr<EC_POINT, FreeWith<EC_POINT_free>>;
using ParamBuilder = std::unique_ptr<OSSL_PARAM_BLD, FreeWith<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, FreeWith<OSSL_PARAM_free>>;

Error openssl_failed() {
  clear_openssl_errors();
  return Error(Errc::io, "OpenSSL could not make a key or a signature");
}

// OpenSSL would ask on the terminal for the passphrase of an encrypted key.
int no_passphrase(char*, int, int, void*) { return -1; }

// 1 + seed mod (n - 1).
Number scalar_of(const EC_GROUP* group, std::span<const std::uint8_t, 48> seed, BN_CTX* context) {
  Number scalar(BN_secure_new()), limit(BN_dup(EC_GROUP_get0_order(group)));
  const bool made = scalar && limit && BN_bin2bn(seed.data(), static_cast<int>(seed.size()), scalar.get()) &&
                    BN_sub_word(limit.get(), 1) && BN_nnmod(scalar.get(), scalar.get(), limit.get(), context) &&
                    BN_add_word(scalar.get(), 1);
  return made ? std::move(scalar) : nullptr;
}

}  // namespace

Result<PrivateKey> PrivateKey::adopt(evp_pkey_st* raw) {
  std::shared_ptr<EVP_PKEY> key(raw, EVP_PKEY_free);
  char curve[32];
  std::size_t length = 0;
  if (!raw || EVP_PKEY_get_group_name(raw, curve, sizeof curve, &length) <= 0 ||
      std::string_view(curve, length) != "prime256v1") {
    clear_openssl_errors();
    return Error(Errc::unsupported, "the key is not one of the curve P-256");
  }
  BIGNUM *x = nullptr, *y = nullptr;
  const bool has_point = EVP_PKEY_get_bn_param(raw, OSSL_PKEY_PARAM_EC_PUB_X, &x) > 0 &&
                         EVP_PKEY_get_bn_param(raw, OSSL_PKEY_PARAM_EC_PUB_Y, &y) > 0;
  const Number owned_x(x), owned_y(y);
  std::array<std::uint8_t, 64> point;
  if (!has_point || BN_bn2binpad(x, point.data(), 32) != 32 || BN_bn2binpad(y, point.data() + 32, 32) != 32)
    return openssl_failed();
  return PrivateKey(std::move(key), point);
}

Result<PrivateKey> PrivateKey::generate() { return adopt(EVP_EC_gen("P-256")); }

Result<PrivateKey> PrivateKey::from_pem(std::string_view pem) {
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(std::min<std::size_t>(pem.size(), 1 << 16))));
  EVP_PKEY* const key = bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr) : nullptr;
  if (!key) {
    clear_openssl_errors();
    return Error(Errc::invalid, "no unencrypted private key in PEM");
  }
  return adopt(key);
}

Result<PrivateKey> PrivateKey::from_seed(std::span<const std::uint8_t, 48> seed) {
  const Group group(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
  const NumberContext numbers(BN_CTX_secure_new());
  if (!group || !numbers) return openssl_failed();
  const Number scalar = scalar_of(group.get(), seed, numbers.get());
  const CurvePoint point(EC_POINT_new(group.get()));
  std::uint8_t encoded[65];
  const ParamBuilder builder(OSSL_PARAM_BLD_new());
  if (!scalar || !point || !builder ||
      !EC_POINT_mul(group.get(), point.get(), scalar.get(), nullptr, nullptr, numbers.get()) ||
      EC_POINT_point2oct(group.get(), point.get(), POINT_CONVERSION_UNCOMPRESSED, encoded, sizeof encoded,
                         numbers.get()) != sizeof encoded ||
      !OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) ||
      !OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, scalar.get()) ||
      !OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, encoded, sizeof encoded))
    return openssl_failed();
  const Params parameters(OSSL_PARAM_BLD_to_param(builder.get()));
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* key = nullptr;
  if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) <= 0 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_KEYPAIR, parameters.get()) <= 0)
    return openssl_failed();
  return adopt(key);
}

Result<std::string> PrivateKey::to_pem() const {
  const Bio bio(BIO_new(BIO_s_secmem()));
  if (!bio || !PEM_write_bio_PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr))
    return openssl_failed();
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return std::string(text, static_cast<std::size_t>(size));
}

Result<std::array<std::uint8_t, 64>> PrivateKey::sign(const Digest& digest) const {
  std::uint8_t der[80];
  std::size_t size = sizeof der;
  const KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key_.get(), nullptr));
  if (!context || EVP_PKEY_sign_init(context.get()) <= 0 ||
      EVP_PKEY_sign(context.get(), der, &size, digest.data(), digest.size()) <= 0)
    return openssl_failed();
  return der_p256_signature({der, size});
}

}  // namespace cloister::dcap::simulation
