// SPDX-License-Identifier: Apache-2.0
// EENTER, EEXIT and ERESUME of the software processor, and the way from a patched leaf into its emulation.
//
// FS is exchanged lazily: the hot host stub uses none, every enclave path re-establishes its own, and host code that needs
// the C library loads the host's first. GS stays the enclave's, since host code has no use for it.
#include "src/host/device/sim_state.h"

  .section .text.hot.transitions, "ax", @progbits
// EENTER: RBX = TCS, RCX = AEP. SDM: #GP if the TCS is no TCS, busy, or CSSA >= NSSA.
  .globl sim_eenter, sim_eexit, sim_eresume, sim_general_protection, sim_transitions_begin, sim_transitions_end
  .balign 64
sim_transitions_begin:
sim_eenter:
  cmp $3, %eax
  je sim_eresume
  // What the enclave reads first has often left the caches while the host's kernel ran, and nothing overtakes the locked
  // instruction below.
  prefetcht0 %gs:0
  prefetcht0 %gs:64
  prefetcht0 %gs:128
  mov sim_epcm(%rip), %r8
  mov %rbx, %r9
  shr $12, %r9
  cmp $0x10000000, %r9
  jae sim_general_protection
  mov (%r8,%r9,8), %r9
  test $16, %r9d                        // kEpcmTcs
  jz sim_general_protection
  and $-4096, %r9
  xor %eax, %eax
  mov $1, %r8d
  lock cmpxchg %r8, SIM_BUSY(%r9)
  jne sim_general_protection
  mov SIM_CSSA(%r9), %rax
  cmp SIM_NSSA(%r9), %rax
  jae sim_unbusy_general_protection
  mov %rsp, SIM_URSP(%r9)
  mov %rbp, SIM_URBP(%r9)
  mov %rcx, SIM_AEP(%r9)
  rdgsbase %r8
  cmp SIM_GSBASE(%r9), %r8
  jne 2f
1:
  lea sim_eenter_return(%rip), %rcx
  jmp *SIM_ENTRY(%r9)
2:
  mov SIM_GSBASE(%r9), %r8
  wrgsbase %r8
  jmp 1b
sim_eenter_return:
  pop %rcx                              // no `ret`: see host_stub.S
  jmp *%rcx
sim_unbusy_general_protection:
  movq $0, SIM_BUSY(%r9)
sim_general_protection:
  hlt                                   // #GP, as the leaf would

// EEXIT: RBX = target. The SimTcs is found by the GS base's page.
  .balign 64
sim_eexit:
  rdgsbase %rax
  shr $12, %rax
  mov sim_epcm(%rip), %rcx
  mov (%rcx,%rax,8), %rax
  and $-4096, %rax
  mov SIM_AEP(%rax), %rcx
  movq $0, SIM_BUSY(%rax)
  xor %eax, %eax
  jmp *%rbx

// ERESUME: RBX = TCS. Restores the state of SSA frame CSSA-1. Until sim_resume_commit nothing has changed.
sim_eresume:
  mov sim_epcm(%rip), %r8
  mov %rbx, %r9
  shr $12, %r9
  cmp $0x10000000, %r9
  jae sim_general_protection
  mov (%r8,%r9,8), %r9
  test $16, %r9d
  jz sim_general_protection
  and $-4096, %r9
  xor %eax, %eax
  mov $1, %r8d
  lock cmpxchg %r8, SIM_BUSY(%r9)
  jne sim_general_protection
  mov SIM_CSSA(%r9), %rax
  test %rax, %rax
  jz sim_unbusy_general_protection
  mov %rsp, SIM_URSP(%r9)
  mov %rbp, SIM_URBP(%r9)
  mov %rcx, SIM_AEP(%r9)
  dec %rax
  shl $14, %rax                         // SSAFRAMESIZE is 4 pages
  add SIM_SSA(%r9), %rax
  mov %rax, %r10                        // the frame
  mov $-1, %eax
  mov $-1, %edx
  xrstor64 (%r10)
  lea 16384-184(%r10), %r10             // GPRSGX
  mov 168(%r10), %rax
  wrfsbase %rax
  pushq $0x2b
  pushq 32(%r10)                        // RSP
  pushq 128(%r10)                       // RFLAGS
  pushq $0x33
  pushq 136(%r10)                       // RIP
  mov 0(%r10), %rax
  mov 8(%r10), %rcx
  mov 16(%r10), %rdx
  mov 24(%r10), %rbx
  mov 40(%r10), %rbp
  mov 48(%r10), %rsi
  mov 56(%r10), %rdi
  mov 64(%r10), %r8
  mov 88(%r10), %r11
  mov 96(%r10), %r12
  mov 104(%r10), %r13
  mov 112(%r10), %r14
  mov 120(%r10), %r15
  .globl sim_resume_commit
sim_resume_commit:
  decq SIM_CSSA(%r9)
  mov 72(%r10), %r9
  mov 80(%r10), %r10
  iretq
sim_transitions_end:

// A patched leaf arrives here by a jump, with its operands in RBX, RCX, RDX; it changes RAX and the flags only. What it pushes is what
// leave_leaf() (sim_exit.cc) takes back when the leaf raises a fault.
// The emulation is compiled for general registers and without thread-local storage, and runs on the enclave's stack.
.macro LEAF_ENTRY name
  .globl sim_\name\()_entry
sim_\name\()_entry:
  push %rbp
  mov %rsp, %rbp
  push %rcx
  push %rdx
  push %rsi
  push %rdi
  push %r8
  push %r9
  push %r10
  push %r11
  push %r12
  rdgsbase %r12
  shr $12, %r12
  mov sim_epcm(%rip), %rax
  mov (%rax,%r12,8), %r12
  and $-4096, %r12
  mov %rsp, SIM_IN_LEAF(%r12)
  mov %rbx, %rdi
  mov %rcx, %rsi
  mov %r12, %rcx
  and $-16, %rsp
  call sim_\name
  movq $0, SIM_IN_LEAF(%r12)
  lea -72(%rbp), %rsp
  pop %r12
  pop %r11
  pop %r10
  pop %r9
  pop %r8
  pop %rdi
  pop %rsi
  pop %rdx
  pop %rcx
  pop %rbp
  ret
.endm
LEAF_ENTRY eaccept
LEAF_ENTRY emodpe
LEAF_ENTRY eacceptcopy

// EREPORT and EGETKEY need the C library: the host's FS base, and the vector registers kept.
.macro HEAVY_LEAF_ENTRY name
  .globl sim_\name\()_entry
sim_\name\()_entry:
  push %rbp
  mov %rsp, %rbp
  push %rcx
  push %rdx
  push %rsi
  push %rdi
  push %r8
  push %r9
  push %r10
  push %r11
  push %r12
  push %r13
  push %r14
  push %r15
  rdgsbase %r12
  shr $12, %r12
  mov sim_epcm(%rip), %rax
  mov (%rax,%r12,8), %r12
  and $-4096, %r12
  movq $1, SIM_IN_LEAF(%r12)
  mov %rbx, %rdi
  mov %rcx, %rsi
  mov %rdx, %r14
  sub $16384, %rsp
  and $-64, %rsp
  mov %rsp, %r15
  xor %eax, %eax
  movq $0, 512(%r15)
  movq $0, 520(%r15)
  movq $0, 528(%r15)
  movq $0, 536(%r15)
  movq $0, 544(%r15)
  movq $0, 552(%r15)
  movq $0, 560(%r15)
  movq $0, 568(%r15)
  mov $-1, %eax
  mov $-1, %edx
  xsave64 (%r15)
  mov %r14, %rdx
  mov %r12, %rcx
  rdfsbase %r13
  mov SIM_HOST_FS(%r12), %rax
  wrfsbase %rax
  call sim_\name
  wrfsbase %r13
  mov %rax, %r14
  mov $-1, %eax
  mov $-1, %edx
  xrstor64 (%r15)
  mov %r14, %rax
  movq $0, SIM_IN_LEAF(%r12)
  lea -96(%rbp), %rsp
  pop %r15
  pop %r14
  pop %r13
  pop %r12
  pop %r11
  pop %r10
  pop %r9
  pop %r8
  pop %rdi
  pop %rsi
  pop %rdx
  pop %rcx
  pop %rbp
  ret
.endm
HEAVY_LEAF_ENTRY ereport
HEAVY_LEAF_ENTRY egetkey
  .section .note.GNU-stack, "", @progbits
