// SPDX-License-Identifier: Apache-2.0
// ECDSA quotes of versions 3, 4 and 5 as they lie in memory, all integers little-endian. Constants and structures only.
// Source: Intel SGX ECDSA QuoteLibReference (v3), Intel TDX DCAP Quoting Library API (v4, v5), TDX module specification
// (TDREPORT). A quote is
//   v3, v4   QuoteHeader, body by tee_type, u32 signature data size, signature data
//   v5       QuoteHeader, QuoteBodyDescriptor, body of that type and size, u32 signature data size, signature data
// and the signature data
//   v3       signature[64], attestation key[64], QE report[384], its signature[64], u16 size, authentication data,
//            u16 certification data type, u32 size, certification data
//   v4, v5   signature[64], attestation key[64], u16 type = 6, u32 size, and in it the QE report and all that follows
//   it
#pragma once
#include <cstddef>
#include <cstdint>

namespace cloister::dcap {

inline constexpr std::uint16_t kAttestationKeyP256 = 2;  // ECDSA-256 with curve P-256
inline constexpr std::uint32_t kTeeSgx = 0x00;
inline constexpr std::uint32_t kTeeTdx = 0x81;
inline constexpr std::uint8_t kIntelQeVendorId[16] = {0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
                                                      0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07};
inline constexpr std::size_t kSignatureSize = 64;  // r and s, each big-endian
inline constexpr std::size_t kPointSize = 64;      // x and y, each big-endian

struct __attribute__((packed)) QuoteHeader {
  std::uint16_t version;
  std::uint16_t attestation_key_type;
  std::uint32_t tee_type;  // version 3: reserved, zero
  std::uint16_t qe_svn;    // version 3; reserved in 4 and 5
  std::uint16_t pce_svn;   // version 3; reserved in 4 and 5
  std::uint8_t qe_vendor_id[16];
  std::uint8_t user_data[20];  // the first 16 bytes: QE_ID
};
static_assert(sizeof(QuoteHeader) == 48 && offsetof(QuoteHeader, qe_vendor_id) == 12);

enum class BodyType : std::uint16_t { sgx_report = 1, td_report_1_0 = 2, td_report_1_5 = 3 };
struct __attribute__((packed)) QuoteBodyDescriptor {
  std::uint16_t type;
  std::uint32_t size;  // bytes of the body
};
static_assert(sizeof(QuoteBodyDescriptor) == 6);

// What a quote says of a trust domain. Bytes only, so that it may lie at any address.
struct TdReport10 {
  std::uint8_t tee_tcb_svn[16];  // [0] module's minor SVN, [1] module's version, then late microcode and others
  std::uint8_t mrseam[48];
  std::uint8_t mrsignerseam[48];
  std::uint8_t seamattributes[8];
  std::uint8_t tdattributes[8];
  std::uint8_t xfam[8];
  std::uint8_t mrtd[48];
  std::uint8_t mrconfigid[48];
  std::uint8_t mrowner[48];
  std::uint8_t mrownerconfig[48];
  std::uint8_t rtmr[4][48];
  std::uint8_t reportdata[64];
};
static_assert(sizeof(TdReport10) == 584 && offsetof(TdReport10, reportdata) == 520);

struct TdReport15 {
  TdReport10 base;
  std::uint8_t tee_tcb_svn2[16];  // of the module that runs now; tee_tcb_svn is of the one at launch
  std::uint8_t mrservicetd[48];
};
static_assert(sizeof(TdReport15) == 648);

// TDATTRIBUTES, as one number.
inline constexpr std::uint64_t kTdDebug = 1u << 0;
inline constexpr std::uint64_t kTdSeptVeDisable = 1u << 28;
inline constexpr std::uint64_t kTdMigratable = 1u << 29;
inline constexpr std::uint64_t kTdPks = 1u << 30;
inline constexpr std::uint64_t kTdKeyLocker = std::uint64_t{1} << 31;
inline constexpr std::uint64_t kTdPerfmon = std::uint64_t{1} << 63;

enum class CertificationType : std::uint16_t {
  ppid_plain = 1,
  ppid_rsa_2048 = 2,
  ppid_rsa_3072 = 3,
  pck_certificate = 4,
  pck_chain = 5,
  qe_report = 6,
  platform_manifest = 7,
};

}  // namespace cloister::dcap
