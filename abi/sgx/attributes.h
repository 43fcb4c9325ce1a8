// SPDX-License-Identifier: Apache-2.0
// SGX ATTRIBUTES, MISCSELECT and CET_ATTRIBUTES: what kind of enclave it is. Constants and structures only; both sides,
// freestanding. Source: Intel SDM vol. 3D, "Enclave Access Control and Data Structures", SECS.
#pragma once
#include <cstdint>

namespace cloister::sgx {

// ATTRIBUTES.FLAGS.
inline constexpr std::uint64_t kAttributeInit = 1u << 0;   // set by EINIT, never by software
inline constexpr std::uint64_t kAttributeDebug = 1u << 1;  // EDBGRD and EDBGWR may read and write the enclave
inline constexpr std::uint64_t kAttributeMode64Bit = 1u << 2;
inline constexpr std::uint64_t kAttributeProvisionKey = 1u << 4;   // EGETKEY may give provisioning keys
inline constexpr std::uint64_t kAttributeEinitTokenKey = 1u << 5;  // EGETKEY may give the EINITTOKEN key
inline constexpr std::uint64_t kAttributeCet = 1u << 6;
inline constexpr std::uint64_t kAttributeKss = 1u << 7;         // key separation and sharing: CONFIGID and friends
inline constexpr std::uint64_t kAttributeAexNotify = 1u << 10;  // threads may ask for AEX-Notify
inline constexpr std::uint64_t kAttributeReserved =
    ~(kAttributeInit | kAttributeDebug | kAttributeMode64Bit | kAttributeProvisionKey | kAttributeEinitTokenKey |
      kAttributeCet | kAttributeKss | kAttributeAexNotify);

// ATTRIBUTES.XFRM has the layout of XCR0; these two bits are mandatory.
inline constexpr std::uint64_t kXfrmX87 = 1u << 0;
inline constexpr std::uint64_t kXfrmSse = 1u << 1;
inline constexpr std::uint64_t kXfrmAvx = 1u << 2;
inline constexpr std::uint64_t kXfrmAvx512 = 7u << 5;
inline constexpr std::uint64_t kXfrmPkru = 1u << 9;
inline constexpr std::uint64_t kXfrmAmx = 3u << 17;
inline constexpr std::uint64_t kXfrmLegacy = kXfrmX87 | kXfrmSse;

// MISCSELECT: which optional parts the MISC region of an SSA frame has.
inline constexpr std::uint32_t kMiscselectExinfo = 1u << 0;  // report the address and error code of #PF and #GP
inline constexpr std::uint32_t kMiscselectCpinfo = 1u << 1;  // report #CP

struct Attributes {
  std::uint64_t flags;
  std::uint64_t xfrm;
  bool operator==(const Attributes&) const = default;
};
static_assert(sizeof(Attributes) == 16);

constexpr Attributes operator&(const Attributes& a, const Attributes& b) {
  return {a.flags & b.flags, a.xfrm & b.xfrm};
}

}  // namespace cloister::sgx
