// SPDX-License-Identifier: Apache-2.0
// What Linux puts on the stack of an x86-64 program when it runs a signal handler (struct rt_sigframe and what hangs
// below it, arch/x86/include/asm/sigframe.h, uapi/asm/sigcontext.h). Constants and structures only.
#pragma once
#include <cstddef>
#include <cstdint>

namespace cloister::abi {

struct SignalContext {  // struct sigcontext_64
  std::uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
  std::uint64_t rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip;
  std::uint64_t rflags;
  std::uint16_t cs, gs, fs, ss;
  std::uint64_t error_code, trap_number, old_mask, cr2;
  std::uint64_t fpstate;  // address of the XSAVE image, 64-byte aligned; 0: none
  std::uint64_t reserved[8];
};
static_assert(sizeof(SignalContext) == 256);

struct SignalStack {  // stack_t
  std::uint64_t address;
  std::int32_t flags;
  std::uint32_t padding;
  std::uint64_t size;
};

struct UserContext {    // struct ucontext
  std::uint64_t flags;  // UC_*
  std::uint64_t link;
  SignalStack stack;
  SignalContext registers;
  std::uint64_t mask;
};
static_assert(sizeof(UserContext) == 304);

inline constexpr std::uint64_t kUcFpXstate = 1, kUcSigcontextSs = 2, kUcStrictRestoreSs = 4;

struct SignalFrame {             // struct rt_sigframe
  std::uint64_t return_address;  // sa_restorer, which calls rt_sigreturn
  UserContext context;
  std::uint8_t info[128];  // siginfo_t
};
static_assert(sizeof(SignalFrame) == 440);

// struct _fpx_sw_bytes: in bytes 464 to 511 of the XSAVE image, where the processor writes nothing.
inline constexpr std::size_t kFpMarksOffset = 464;
struct FpMarks {
  std::uint32_t magic1;
  std::uint32_t extended_size;  // with the magic at the end
  std::uint64_t features;       // components in the image
  std::uint32_t state_size;     // of the XSAVE image
  std::uint32_t padding[7];
};
static_assert(sizeof(FpMarks) == 48);
inline constexpr std::uint32_t kFpMagic1 = 0x46505853;
inline constexpr std::uint32_t kFpMagic2 = 0x46505845;

inline constexpr std::uint16_t kUserCs = 0x33, kUserDs = 0x2b;
// Flags that a program may set by returning from a handler.
inline constexpr std::uint64_t kFlagsOfPrograms = 0x50dd5;  // AC, RF, OF, DF, TF, SF, ZF, AF, PF, CF
inline constexpr std::uint64_t kFlagTrap = 0x100, kFlagDirection = 0x400, kFlagResume = 0x10000;

// Legacy part and header of an XSAVE image.
inline constexpr std::size_t kXsaveLegacySize = 512, kXsaveHeaderSize = 64;
inline constexpr std::size_t kXsaveControlWordOffset = 0, kXsaveStatusWordOffset = 2, kXsaveMxcsrOffset = 24;
inline constexpr std::size_t kXsaveHeaderOffset = 512;  // XSTATE_BV, XCOMP_BV, 48 reserved bytes
}  // namespace cloister::abi
