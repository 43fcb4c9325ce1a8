// SPDX-License-Identifier: Apache-2.0
// The 64-byte blocks that ECREATE, EADD and EEXTEND put into MRENCLAVE. The SGXS file format is exactly these blocks,
// each EEXTEND followed by its 256 bytes, so that the SHA-256 of such a file is the MRENCLAVE. Structures and constants
// only; both sides, freestanding. Source: Intel SDM vol. 3D, operation of ECREATE, EADD, EEXTEND; SGXS: the format's
// description in fortanix/rust-sgx, doc/SGXS.md, from where UNSIZED and UNMEASRD are too.
#pragma once
#include <cstddef>
#include <cstdint>

namespace cloister::sgx {

inline constexpr std::uint64_t kTagEcreate = 0x0045544145524345;  // "ECREATE\0"
inline constexpr std::uint64_t kTagEadd = 0x0000000044444145;     // "EADD\0\0\0\0"
inline constexpr std::uint64_t kTagEextend = 0x00444e4554584545;  // "EEXTEND\0"
inline constexpr std::uint64_t kTagUnsized = 0x0044455a49534e55;  // "UNSIZED\0": ECREATE whose size is not known yet
inline constexpr std::uint64_t kTagUnmeasured =
    0x44525341454d4e55;  // "UNMEASRD": 256 bytes that are loaded, not measured

struct __attribute__((packed)) EcreateRecord {
  std::uint64_t tag;
  std::uint32_t ssaframesize;  // pages
  std::uint64_t size;          // bytes
  std::uint8_t zero[44];
};
static_assert(sizeof(EcreateRecord) == 64 && offsetof(EcreateRecord, size) == 12);

struct EaddRecord {
  std::uint64_t tag;
  std::uint64_t offset;  // of the page from the enclave's base
  std::uint64_t secinfo_flags;
  std::uint8_t secinfo_rest[40];  // the first 48 bytes of SECINFO are measured, of which 40 are reserved and zero
};
static_assert(sizeof(EaddRecord) == 64 && offsetof(EaddRecord, secinfo_flags) == 16);

struct EextendRecord {  // UNMEASRD has the same layout
  std::uint64_t tag;
  std::uint64_t offset;  // of the 256 bytes from the enclave's base
  std::uint8_t zero[48];
};
static_assert(sizeof(EextendRecord) == 64);

}  // namespace cloister::sgx
