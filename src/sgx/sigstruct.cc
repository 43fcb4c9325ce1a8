// SPDX-License-Identifier: Apache-2.0
#include "src/sgx/sigstruct.h"
#include <algorithm>
#include <cstring>
#include "src/sgx/bytes.h"
#include "src/sgx/rsa3072.h"

namespace cloister::sgx {
namespace {

constexpr std::size_t kFirstSignedEnd = offsetof(Sigstruct, modulus);
constexpr std::size_t kSecondSignedBegin = offsetof(Sigstruct, miscselect);
constexpr std::size_t kSecondSignedEnd = offsetof(Sigstruct, reserved4);

std::array<std::uint8_t, kRsaSize> expected_message(const Sigstruct& sigstruct) {
  return padded_digest(sha256(signed_bytes(sigstruct)));
}

}  // namespace

Result<Sigstruct> parse_sigstruct(std::span<const std::uint8_t> bytes) {
  if (bytes.size() != sizeof(Sigstruct)) return Error(Errc::invalid, "a SIGSTRUCT has 1808 bytes");
  Sigstruct sigstruct;
  std::memcpy(&sigstruct, bytes.data(), sizeof sigstruct);
  return sigstruct;
}

std::span<const std::uint8_t, sizeof(Sigstruct)> bytes_of(const Sigstruct& sigstruct) {
  return std::span<const std::uint8_t, sizeof(Sigstruct)>(reinterpret_cast<const std::uint8_t*>(&sigstruct),
                                                          sizeof(Sigstruct));
}

Sigstruct blank_sigstruct() {
  Sigstruct sigstruct{};
  std::memcpy(sigstruct.header, kSigstructHeader, sizeof sigstruct.header);
  std::memcpy(sigstruct.header2, kSigstructHeader2, sizeof sigstruct.header2);
  sigstruct.exponent = kSigstructExponent;
  return sigstruct;
}

std::array<std::uint8_t, 256> signed_bytes(const Sigstruct& sigstruct) {
  static_assert(kFirstSignedEnd + kSecondSignedEnd - kSecondSignedBegin == 256);
  std::array<std::uint8_t, 256> bytes;
  const auto all = bytes_of(sigstruct);
  std::memcpy(bytes.data(), all.data(), kFirstSignedEnd);
  std::memcpy(bytes.data() + kFirstSignedEnd, all.data() + kSecondSignedBegin, kSecondSignedEnd - kSecondSignedBegin);
  return bytes;
}

Result<void> set_signature(Sigstruct& sigstruct, const RsaNumber& modulus, const RsaNumber& signature) {
  const Quotients quotients = TRY(compute_quotients(modulus, signature));
  std::copy(modulus.begin(), modulus.end(), sigstruct.modulus);
  std::copy(signature.begin(), signature.end(), sigstruct.signature);
  std::copy(quotients.q1.begin(), quotients.q1.end(), sigstruct.q1);
  std::copy(quotients.q2.begin(), quotients.q2.end(), sigstruct.q2);
  sigstruct.exponent = kSigstructExponent;
  return {};
}

Digest mrsigner(const Sigstruct& sigstruct) { return sha256(sigstruct.modulus); }

Result<void> check_format(const Sigstruct& sigstruct) {
  if (std::memcmp(sigstruct.header, kSigstructHeader, sizeof sigstruct.header) != 0) {
    return Error(Errc::invalid, "HEADER is not that of a SIGSTRUCT");
  }
  if (std::memcmp(sigstruct.header2, kSigstructHeader2, sizeof sigstruct.header2) != 0) {
    return Error(Errc::invalid, "HEADER2 is not that of a SIGSTRUCT");
  }
  if (sigstruct.vendor != 0 && sigstruct.vendor != kVendorIntel) {
    return Error(Errc::invalid, "VENDOR is neither 0 nor 8086h");
  }
  if (sigstruct.exponent != kSigstructExponent) return Error(Errc::invalid, "EXPONENT is not 3");
  if (!all_zero(sigstruct.reserved1) || !all_zero(sigstruct.reserved2) || !all_zero(sigstruct.reserved3) ||
      !all_zero(sigstruct.reserved4)) {
    return Error(Errc::invalid, "a reserved byte is not zero");
  }
  return {};
}

Result<void> check_signature(const Sigstruct& sigstruct) {
  return check_cube(sigstruct.modulus, sigstruct.signature, expected_message(sigstruct));
}

Result<void> check_quotients(const Sigstruct& sigstruct) {
  const Quotients right = TRY(compute_quotients(sigstruct.modulus, sigstruct.signature));
  if (!std::equal(right.q1.begin(), right.q1.end(), sigstruct.q1) ||
      !std::equal(right.q2.begin(), right.q2.end(), sigstruct.q2)) {
    return Error(Errc::mismatch, "Q1 or Q2 is not what SIGNATURE and MODULUS give");
  }
  return {};
}

Result<void> verify(const Sigstruct& sigstruct) {
  TRY(check_format(sigstruct));
  return check_cube_with_quotients(sigstruct.modulus, sigstruct.signature, sigstruct.q1, sigstruct.q2,
                                   expected_message(sigstruct));
}

}  // namespace cloister::sgx
