// SPDX-License-Identifier: Apache-2.0
#include "src/sgx/rsa3072.h"
#include <openssl/bn.h>
#include <algorithm>
#include <memory>

namespace cloister::sgx {
namespace {

struct Free {
  void operator()(BIGNUM* number) const { BN_free(number); }
  void operator()(BN_CTX* context) const { BN_CTX_free(context); }
};
using Number = std::unique_ptr<BIGNUM, Free>;
using Context = std::unique_ptr<BN_CTX, Free>;

Number number(RsaBytes bytes) { return Number(BN_lebin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr)); }
Number number() { return Number(BN_new()); }

constexpr Error out_of_memory(std::uint_least32_t line = __builtin_LINE()) {
  return Error::from_errno(12, "no memory for big numbers", __builtin_FILE(), line);
}

// Modulus and signature, both in range, and what the computations need besides.
struct Operands {
  Number modulus, signature, square, rest, product;
  Context context;
};

Result<Operands> operands(RsaBytes modulus, RsaBytes signature) {
  Operands all{number(modulus), number(signature), number(), number(), number(), Context(BN_CTX_new())};
  if (!all.modulus || !all.signature || !all.square || !all.rest || !all.product || !all.context)
    return out_of_memory();
  if (BN_num_bits(all.modulus.get()) != 3072) return Error(Errc::invalid, "the modulus is no 3072-bit number");
  if (BN_cmp(all.signature.get(), all.modulus.get()) >= 0) {
    return Error(Errc::invalid, "the signature is not below the modulus");
  }
  if (!BN_sqr(all.square.get(), all.signature.get(), all.context.get())) return out_of_memory();
  return all;
}

// rest = value - quotient * modulus; Errc::mismatch unless 0 <= rest < modulus.
Result<void> reduce_with(Operands& all, const BIGNUM* value, const Number& quotient, const char* what) {
  if (!quotient || !BN_mul(all.product.get(), quotient.get(), all.modulus.get(), all.context.get()) ||
      !BN_sub(all.rest.get(), value, all.product.get())) {
    return out_of_memory();
  }
  if (BN_is_negative(all.rest.get()) || BN_cmp(all.rest.get(), all.modulus.get()) >= 0) {
    return Error(Errc::mismatch, what);
  }
  return {};
}

Result<void> compare(const BIGNUM* value, RsaBytes padded) {
  std::array<std::uint8_t, kRsaSize> bytes;
  if (BN_bn2lebinpad(value, bytes.data(), static_cast<int>(bytes.size())) < 0 ||
      !std::equal(bytes.begin(), bytes.end(), padded.begin())) {
    return Error(Errc::mismatch, "the RSA signature does not hold");
  }
  return {};
}

}  // namespace

std::array<std::uint8_t, kRsaSize> padded_digest(const Digest& digest) {
  // DigestInfo of SHA-256, RFC 8017, 9.2 note 1.
  constexpr std::uint8_t kPrefix[] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                                      0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};
  std::array<std::uint8_t, kRsaSize> padded;
  padded.fill(0xff);
  padded[383] = 0x00;
  padded[382] = 0x01;
  padded[51] = 0x00;
  std::reverse_copy(std::begin(kPrefix), std::end(kPrefix), padded.begin() + 32);
  std::reverse_copy(digest.begin(), digest.end(), padded.begin());
  return padded;
}

Result<Quotients> compute_quotients(RsaBytes modulus, RsaBytes signature) {
  Operands all = TRY(operands(modulus, signature));
  const Number quotient = number();
  Quotients out;
  const auto store = [&](std::array<std::uint8_t, kRsaSize>& bytes) {
    return BN_bn2lebinpad(quotient.get(), bytes.data(), static_cast<int>(bytes.size())) >= 0;
  };
  if (!quotient || !BN_div(quotient.get(), all.rest.get(), all.square.get(), all.modulus.get(), all.context.get()) ||
      !store(out.q1) || !BN_mul(all.product.get(), all.rest.get(), all.signature.get(), all.context.get()) ||
      !BN_div(quotient.get(), nullptr, all.product.get(), all.modulus.get(), all.context.get()) || !store(out.q2)) {
    return out_of_memory();
  }
  return out;
}

Result<void> check_cube(RsaBytes modulus, RsaBytes signature, RsaBytes padded) {
  Operands all = TRY(operands(modulus, signature));
  if (!BN_mod(all.rest.get(), all.square.get(), all.modulus.get(), all.context.get()) ||
      !BN_mul(all.product.get(), all.rest.get(), all.signature.get(), all.context.get()) ||
      !BN_mod(all.rest.get(), all.product.get(), all.modulus.get(), all.context.get())) {
    return out_of_memory();
  }
  return compare(all.rest.get(), padded);
}

Result<void> check_cube_with_quotients(RsaBytes modulus, RsaBytes signature, RsaBytes q1, RsaBytes q2,
                                       RsaBytes padded) {
  Operands all = TRY(operands(modulus, signature));
  TRY(reduce_with(all, all.square.get(), number(q1), "SIGNATURE, MODULUS and Q1 do not fit"));
  if (!BN_mul(all.square.get(), all.rest.get(), all.signature.get(), all.context.get())) return out_of_memory();
  TRY(reduce_with(all, all.square.get(), number(q2), "SIGNATURE, MODULUS and Q2 do not fit"));
  return compare(all.rest.get(), padded);
}

}  // namespace cloister::sgx
