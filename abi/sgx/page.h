// SPDX-License-Identifier: Apache-2.0
// SGX pages: page types, SECINFO, PAGEINFO, page-fault error bits. Constants and structures only; both sides,
// freestanding. Source: Intel SDM vol. 3D, "Enclave Access Control and Data Structures", SECINFO and PAGEINFO.
#pragma once
#include <cstddef>
#include <cstdint>

namespace cloister::sgx {

inline constexpr std::size_t kPageSize = 4096;
inline constexpr std::size_t kExtendSize = 256;  // bytes that one EEXTEND measures
inline constexpr std::size_t kExtendsPerPage = kPageSize / kExtendSize;

enum class PageType : std::uint8_t {
  secs = 0,
  tcs = 1,
  reg = 2,
  va = 3,
  trim = 4,
  ss_first = 5,
  ss_rest = 6,
};

// SECINFO.FLAGS; bits 8..15 are the page type.
inline constexpr std::uint64_t kSecinfoR = 1u << 0;
inline constexpr std::uint64_t kSecinfoW = 1u << 1;
inline constexpr std::uint64_t kSecinfoX = 1u << 2;
inline constexpr std::uint64_t kSecinfoPending = 1u << 3;
inline constexpr std::uint64_t kSecinfoModified = 1u << 4;
inline constexpr std::uint64_t kSecinfoPr = 1u << 5;  // permission restriction in progress
inline constexpr std::uint64_t kSecinfoRwx = kSecinfoR | kSecinfoW | kSecinfoX;
inline constexpr unsigned kSecinfoPageTypeShift = 8;
inline constexpr std::uint64_t kSecinfoPageTypeMask = 0xffu << kSecinfoPageTypeShift;
inline constexpr std::uint64_t kSecinfoReserved =
    ~(kSecinfoRwx | kSecinfoPending | kSecinfoModified | kSecinfoPr | kSecinfoPageTypeMask);

constexpr std::uint64_t secinfo_flags(PageType type, std::uint64_t permissions) {
  return static_cast<std::uint64_t>(type) << kSecinfoPageTypeShift | permissions;
}
constexpr PageType page_type(std::uint64_t flags) {
  return static_cast<PageType>((flags & kSecinfoPageTypeMask) >> kSecinfoPageTypeShift);
}

// The two kinds of page that an enclave image is made of. EADD ignores R, W and X for a TCS; zero is the canonical
// form.
inline constexpr std::uint64_t kSecinfoTcs = secinfo_flags(PageType::tcs, 0);
inline constexpr std::uint64_t kSecinfoRegR = secinfo_flags(PageType::reg, kSecinfoR);
inline constexpr std::uint64_t kSecinfoRegRw = secinfo_flags(PageType::reg, kSecinfoR | kSecinfoW);
inline constexpr std::uint64_t kSecinfoRegRx = secinfo_flags(PageType::reg, kSecinfoR | kSecinfoX);

inline constexpr std::size_t kSecinfoAlignment = 64;
struct Secinfo {
  std::uint64_t flags;
  std::uint8_t reserved[56];
};
static_assert(sizeof(Secinfo) == 64);

inline constexpr std::size_t kPageinfoAlignment = 32;
struct Pageinfo {
  std::uint64_t linaddr;
  std::uint64_t srcpge;
  std::uint64_t secinfo;  // address of a SECINFO, or of a PCMD for paging leaves
  std::uint64_t secs;
};
static_assert(sizeof(Pageinfo) == 32);

// Page-fault error code, as in EXINFO.ERRCD.
inline constexpr std::uint32_t kFaultPresent = 1u << 0;
inline constexpr std::uint32_t kFaultWrite = 1u << 1;
inline constexpr std::uint32_t kFaultUser = 1u << 2;
inline constexpr std::uint32_t kFaultReserved = 1u << 3;
inline constexpr std::uint32_t kFaultInstruction = 1u << 4;
inline constexpr std::uint32_t kFaultProtectionKey = 1u << 5;
inline constexpr std::uint32_t kFaultSgx = 1u << 15;  // an access that the EPCM refused

}  // namespace cloister::sgx
