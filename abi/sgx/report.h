// SPDX-License-Identifier: Apache-2.0
// REPORT, TARGETINFO and KEYREQUEST: operands of EREPORT and EGETKEY. Structures and constants only; both sides,
// freestanding. Source: Intel SDM vol. 3D, "Enclave Access Control and Data Structures".
#pragma once
#include <cstddef>
#include <cstdint>
#include "abi/sgx/attributes.h"

namespace cloister::sgx {

inline constexpr std::size_t kReportdataSize = 64;
inline constexpr std::size_t kReportdataAlignment = 128;
inline constexpr std::size_t kKeySize = 16;  // bytes of an EGETKEY key
inline constexpr std::size_t kKeyAlignment = 16;

// The part of a REPORT that its MAC covers; a quote carries the same bytes.
struct ReportBody {
  std::uint8_t cpusvn[16];
  std::uint32_t miscselect;
  std::uint8_t cet_attributes;
  std::uint8_t reserved1[11];
  std::uint8_t isvextprodid[16];
  Attributes attributes;
  std::uint8_t mrenclave[32];
  std::uint8_t reserved2[32];
  std::uint8_t mrsigner[32];
  std::uint8_t reserved3[32];
  std::uint8_t configid[64];
  std::uint16_t isvprodid;
  std::uint16_t isvsvn;
  std::uint16_t configsvn;
  std::uint8_t reserved4[42];
  std::uint8_t isvfamilyid[16];
  std::uint8_t reportdata[kReportdataSize];
};
static_assert(sizeof(ReportBody) == 384);
static_assert(offsetof(ReportBody, isvextprodid) == 32 && offsetof(ReportBody, attributes) == 48);
static_assert(offsetof(ReportBody, mrenclave) == 64 && offsetof(ReportBody, mrsigner) == 128);
static_assert(offsetof(ReportBody, configid) == 192 && offsetof(ReportBody, isvprodid) == 256);
static_assert(offsetof(ReportBody, isvfamilyid) == 304 && offsetof(ReportBody, reportdata) == 320);

inline constexpr std::size_t kReportAlignment = 512;
struct Report {
  ReportBody body;
  std::uint8_t keyid[32];
  std::uint8_t mac[16];
};
static_assert(sizeof(Report) == 432 && offsetof(Report, keyid) == 384 && offsetof(Report, mac) == 416);

inline constexpr std::size_t kTargetinfoAlignment = 512;
struct Targetinfo {
  std::uint8_t measurement[32];  // MRENCLAVE of the enclave that shall verify the report
  Attributes attributes;
  std::uint8_t cet_attributes;
  std::uint8_t reserved1;
  std::uint16_t configsvn;
  std::uint32_t miscselect;
  std::uint8_t reserved2[8];
  std::uint8_t configid[64];
  std::uint8_t reserved3[384];
};
static_assert(sizeof(Targetinfo) == 512);
static_assert(offsetof(Targetinfo, attributes) == 32 && offsetof(Targetinfo, configsvn) == 50);
static_assert(offsetof(Targetinfo, miscselect) == 52 && offsetof(Targetinfo, configid) == 64);

enum class KeyName : std::uint16_t {
  einittoken = 0,
  provision = 1,
  provision_seal = 2,
  report = 3,
  seal = 4,
};

// KEYPOLICY. All but the first two are allowed only with ATTRIBUTES.KSS.
inline constexpr std::uint16_t kKeypolicyMrenclave = 1u << 0;
inline constexpr std::uint16_t kKeypolicyMrsigner = 1u << 1;
inline constexpr std::uint16_t kKeypolicyNoisvprodid = 1u << 2;
inline constexpr std::uint16_t kKeypolicyConfigid = 1u << 3;
inline constexpr std::uint16_t kKeypolicyIsvfamilyid = 1u << 4;
inline constexpr std::uint16_t kKeypolicyIsvextprodid = 1u << 5;
inline constexpr std::uint16_t kKeypolicyKss = 0x3c;
inline constexpr std::uint16_t kKeypolicyReserved = 0xffc0;

inline constexpr std::size_t kKeyrequestAlignment = 512;
struct Keyrequest {
  std::uint16_t keyname;
  std::uint16_t keypolicy;
  std::uint16_t isvsvn;
  std::uint8_t cet_attributes_mask;
  std::uint8_t reserved1;
  std::uint8_t cpusvn[16];
  Attributes attributemask;
  std::uint8_t keyid[32];
  std::uint32_t miscmask;
  std::uint16_t configsvn;
  std::uint8_t reserved2[434];
};
static_assert(sizeof(Keyrequest) == 512);
static_assert(offsetof(Keyrequest, cpusvn) == 8 && offsetof(Keyrequest, attributemask) == 24);
static_assert(offsetof(Keyrequest, keyid) == 40 && offsetof(Keyrequest, miscmask) == 72);
static_assert(offsetof(Keyrequest, configsvn) == 76 && offsetof(Keyrequest, reserved2) == 78);

}  // namespace cloister::sgx
