// SPDX-License-Identifier: Apache-2.0
// SGX control structures of a live enclave: SECS, TCS and the parts of an SSA frame. Constants and structures only;
// both sides, freestanding. Source: Intel SDM vol. 3D, "Enclave Access Control and Data Structures".
#pragma once
#include <cstddef>
#include <cstdint>
#include "abi/sgx/attributes.h"

namespace cloister::sgx {

struct Secs {
  std::uint64_t size;          // bytes, a power of two
  std::uint64_t baseaddr;      // a multiple of size
  std::uint32_t ssaframesize;  // pages
  std::uint32_t miscselect;
  std::uint64_t cet_leg_bitmap_offset;
  std::uint8_t cet_attributes;
  std::uint8_t reserved1[15];
  Attributes attributes;
  std::uint8_t mrenclave[32];
  std::uint8_t reserved2[32];
  std::uint8_t mrsigner[32];
  std::uint8_t reserved3[32];
  std::uint8_t configid[64];
  std::uint16_t isvprodid;
  std::uint16_t isvsvn;
  std::uint16_t configsvn;
  std::uint8_t reserved4[2];
  // The SDM has the rest reserved and says only that EINIT keeps these two somewhere in it; the place is ours. For
  // ECREATE all of it must be zero.
  std::uint8_t isvextprodid[16];
  std::uint8_t isvfamilyid[16];
  std::uint8_t reserved5[3800];
};
static_assert(sizeof(Secs) == 4096);
static_assert(offsetof(Secs, miscselect) == 20 && offsetof(Secs, cet_attributes) == 32);
static_assert(offsetof(Secs, attributes) == 48 && offsetof(Secs, mrenclave) == 64 && offsetof(Secs, mrsigner) == 128);
static_assert(offsetof(Secs, configid) == 192 && offsetof(Secs, isvprodid) == 256 && offsetof(Secs, configsvn) == 260);

inline constexpr std::uint64_t kTcsDbgoptin = 1u << 0;
inline constexpr std::uint64_t kTcsAexnotify = 1u << 1;

struct Tcs {
  std::uint64_t state;  // the processor's; must be zero for EADD
  std::uint64_t flags;
  std::uint64_t ossa;  // offset of the SSA frames from the enclave's base, page-aligned
  std::uint32_t cssa;  // index of the next SSA frame; zero for EADD
  std::uint32_t nssa;  // number of SSA frames
  std::uint64_t oentry;
  std::uint64_t aep;  // the processor's
  std::uint64_t ofsbase;
  std::uint64_t ogsbase;
  std::uint32_t fslimit;  // ignored by 64-bit enclaves, but EADD wants the low 12 bits set
  std::uint32_t gslimit;
  std::uint64_t ocetssa;
  std::uint64_t prevssp;
  std::uint8_t reserved[4008];
};
static_assert(sizeof(Tcs) == 4096);
static_assert(offsetof(Tcs, cssa) == 24 && offsetof(Tcs, oentry) == 32 && offsetof(Tcs, ofsbase) == 48);
static_assert(offsetof(Tcs, fslimit) == 64 && offsetof(Tcs, ocetssa) == 72 && offsetof(Tcs, reserved) == 88);

// The last 184 bytes of an SSA frame; the XSAVE area is at its beginning, EXINFO directly below GPRSGX.
struct Gprsgx {
  std::uint64_t rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi;
  std::uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
  std::uint64_t rflags;
  std::uint64_t rip;
  std::uint64_t ursp;  // of the untrusted side, kept for EEXIT
  std::uint64_t urbp;
  std::uint32_t exitinfo;
  std::uint8_t reserved[3];
  std::uint8_t aexnotify;
  std::uint64_t fsbase;
  std::uint64_t gsbase;
};
static_assert(sizeof(Gprsgx) == 184);
static_assert(offsetof(Gprsgx, rflags) == 128 && offsetof(Gprsgx, rip) == 136 && offsetof(Gprsgx, ursp) == 144);
static_assert(offsetof(Gprsgx, exitinfo) == 160 && offsetof(Gprsgx, aexnotify) == 167);
static_assert(offsetof(Gprsgx, fsbase) == 168 && offsetof(Gprsgx, gsbase) == 176);

// GPRSGX.EXITINFO: bits 0..7 vector, 8..10 type, 31 valid. Only the vectors below are reported; otherwise it is zero.
inline constexpr std::uint32_t kExitinfoVectorMask = 0xff;
inline constexpr unsigned kExitinfoTypeShift = 8;
inline constexpr std::uint32_t kExitinfoTypeMask = 7u << kExitinfoTypeShift;
inline constexpr std::uint32_t kExitinfoHardware = 3u << kExitinfoTypeShift;
inline constexpr std::uint32_t kExitinfoSoftware = 6u << kExitinfoTypeShift;
inline constexpr std::uint32_t kExitinfoValid = 1u << 31;

enum class Vector : std::uint8_t {
  de = 0,   // divide error
  db = 1,   // debug; hardware
  bp = 3,   // INT3; software
  br = 5,   // BOUND
  ud = 6,   // undefined instruction: CPUID, SYSCALL and the like inside an enclave
  gp = 13,  // general protection; only with MISCSELECT.EXINFO
  pf = 14,  // page fault; only with MISCSELECT.EXINFO
  mf = 16,  // x87
  ac = 17,  // alignment
  xm = 19,  // SIMD
  cp = 21,  // control protection; only with MISCSELECT.CPINFO
};

// The MISC region's EXINFO: detail of a #PF or #GP.
struct Exinfo {
  std::uint64_t maddr;  // #PF: the faulting address; #GP: 0
  std::uint32_t errcd;  // the exception's error code
  std::uint32_t reserved;
};
static_assert(sizeof(Exinfo) == 16 && offsetof(Exinfo, errcd) == 8);

}  // namespace cloister::sgx
