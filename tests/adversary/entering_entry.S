// SPDX-License-Identifier: Apache-2.0
// One entry that the host part should not make, and its way back: by EEXIT like any entry, or by the #GP of the leaf, which the
// signal handler (entering_host.cc) turns into a return with 2 in RDX.
#include "src/host/host_thread.h"

// enter_anyhow(HostThread*, TCS, leaf, garbage: 12 words) -> RDX as it came back.
// The stack at the entry is as for any: the return address, above it the HostThread, so that asynchronous exits find it.
  .text
  .globl enter_anyhow
  .type enter_anyhow, @function
enter_anyhow:
  push %rbp
  push %rbx
  push %r12
  push %r13
  push %r14
  push %r15
  sub $8, %rsp
  push %rdi
  lea 1f(%rip), %rax
  push %rax
  mov HT_ENTER(%rdi), %r11
  mov %rsi, %rbx
  mov %edx, %eax
  mov %rcx, %r10
  pushq 88(%r10)                        // flags
  popfq
  mov 0(%r10), %rdx
  mov 8(%r10), %rsi
  mov 16(%r10), %rdi
  mov 24(%r10), %rbp
  mov 32(%r10), %r8
  mov 40(%r10), %r9
  mov 48(%r10), %r12
  mov 56(%r10), %r13
  mov 64(%r10), %r14
  mov 72(%r10), %r15
  mov 80(%r10), %r10
  lea host_aep(%rip), %rcx
  jmp *%r11
1:
  pop %r12
  mov HT_HOST_FS(%r12), %rax
  wrfsbase %rax
  pushq $0x202
  popfq
  mov %edx, %eax
  add $8, %rsp
  pop %r15
  pop %r14
  pop %r13
  pop %r12
  pop %rbx
  pop %rbp
  ret
  .size enter_anyhow, . - enter_anyhow
  .section .note.GNU-stack, "", @progbits
