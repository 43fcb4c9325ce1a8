// SPDX-License-Identifier: Apache-2.0
// SIGSTRUCT, the enclave author's signed certificate. Structure and constants only; both sides, freestanding.
// Source: Intel SDM vol. 3D, "Enclave Access Control and Data Structures", SIGSTRUCT. All numbers are little-endian,
// the RSA numbers too. The signature covers bytes [0, 128) and [900, 1028).
#pragma once
#include <cstddef>
#include <cstdint>
#include "abi/sgx/attributes.h"

namespace cloister::sgx {

inline constexpr std::size_t kRsaSize = 384;  // bytes of a 3072-bit number
inline constexpr std::size_t kSigstructAlignment = 4096;
inline constexpr std::uint8_t kSigstructHeader[16] = {0x06, 0, 0, 0, 0xe1, 0, 0, 0, 0, 0, 0x01, 0, 0, 0, 0, 0};
inline constexpr std::uint8_t kSigstructHeader2[16] = {0x01, 0x01, 0, 0, 0x60, 0, 0, 0, 0x60, 0, 0, 0, 0x01, 0, 0, 0};
inline constexpr std::uint32_t kVendorIntel = 0x8086;
inline constexpr std::uint32_t kSigstructExponent = 3;

struct Sigstruct {
  std::uint8_t header[16];
  std::uint32_t vendor;
  std::uint32_t date;  // 0xYYYYMMDD, decimal digits
  std::uint8_t header2[16];
  std::uint32_t swdefined;
  std::uint8_t reserved1[84];
  std::uint8_t modulus[kRsaSize];
  std::uint32_t exponent;
  std::uint8_t signature[kRsaSize];
  std::uint32_t miscselect;
  std::uint32_t miscmask;
  std::uint8_t cet_attributes;
  std::uint8_t cet_attributes_mask;
  std::uint8_t reserved2[2];
  std::uint8_t isvfamilyid[16];
  Attributes attributes;
  Attributes attributemask;
  std::uint8_t enclavehash[32];
  std::uint8_t reserved3[16];
  std::uint8_t isvextprodid[16];
  std::uint16_t isvprodid;
  std::uint16_t isvsvn;
  std::uint8_t reserved4[12];
  std::uint8_t q1[kRsaSize];
  std::uint8_t q2[kRsaSize];
};
static_assert(sizeof(Sigstruct) == 1808);
static_assert(offsetof(Sigstruct, header2) == 24 && offsetof(Sigstruct, swdefined) == 40);
static_assert(offsetof(Sigstruct, modulus) == 128 && offsetof(Sigstruct, exponent) == 512);
static_assert(offsetof(Sigstruct, signature) == 516 && offsetof(Sigstruct, miscselect) == 900);
static_assert(offsetof(Sigstruct, isvfamilyid) == 912 && offsetof(Sigstruct, attributes) == 928);
static_assert(offsetof(Sigstruct, enclavehash) == 960 && offsetof(Sigstruct, isvextprodid) == 1008);
static_assert(offsetof(Sigstruct, isvprodid) == 1024 && offsetof(Sigstruct, reserved4) == 1028);
static_assert(offsetof(Sigstruct, q1) == 1040 && offsetof(Sigstruct, q2) == 1424);

}  // namespace cloister::sgx
