// SPDX-License-Identifier: Apache-2.0
// Every way into the enclave and out of it: first entry, host call and its return, exception entry.
//
// On EENTER only RAX (CSSA), RBX (TCS) and the FS and GS bases are the processor's; every other register, the flags
// and the whole extended state are the host's. Nothing here uses a stack before it has taken it from the Thread
// (rule E-5), and each path re-establishes the complete state (E-1 to E-4) before it calls C++.
#include "src/boundary/entry_refused.h"
#include "src/enclave/core/state_macros.inc"

  .section .text.hot.entry, "ax", @progbits
  .globl enclave_entry
  .type enclave_entry, @function
  .balign 64
enclave_entry:
#if CLOISTER_KEEPS(E_1)
  cld
#endif
#if CLOISTER_KEEPS(E_13)
  cmpb $0, core_stopped(%rip)
  jne stopped_entry
#endif
  cmp $1, %rax
#if CLOISTER_KEEPS(E_7)
  ja stop_entry                         // CSSA > 1
#endif
  je exception_entry
  mov %gs:T_SELF, %r8
  cmpq $STATE_HOST_CALL, T_STATE(%r8)
  jne first_entry

// ---- return of the pending host call (E-6: only when one is pending)
  movq $STATE_INSIDE, T_STATE(%r8)
#if CLOISTER_KEEPS(E_5)
  mov T_EXIT_RSP(%r8), %rsp
#endif
  prefetcht0 64(%rsp)                   // read behind the barrier
  prefetcht0 128(%rsp)
  CLEAR_RFLAGS                          // E-2
#if CLOISTER_KEEPS(E_3)
  mov $1, %ecx
  xgetbv
  test $1, %al                          // x87 in use: the host left something there
  jnz 10f
11:
  ZERO_VECTORS
#endif
  rdfsbase %rcx
  cmp (%rsp), %rcx
  jne 12f
13:
#if CLOISTER_KEEPS(E_4)
  ldmxcsr 8(%rsp)
#endif
  SPECULATION_BARRIER                   // E-4, E-12
  testb $1, 16(%rsp)
  jnz 14f
15:
  cmpq $0, %gs:T_VECTORS_LIVE
  jne 16f
17:
  add $24, %rsp
  pop %rcx                              // no `ret`: return predictions rarely survive the host kernel
  jmp *%rcx
#if CLOISTER_KEEPS(E_3)
10:
  mov $1, %eax
  xor %edx, %edx
  xrstor64 core_initial_xstate(%rip)
  jmp 11b
#endif
12:
  mov (%rsp), %rcx
  wrfsbase %rcx
  jmp 13b
14:
  mov %gs:T_X87_AREA, %rcx
  mov $1, %eax
  xor %edx, %edx
  xrstor64 (%rcx)
  jmp 15b
16:
  mov %gs:T_VECTOR_AREA, %rcx
  LOAD_VECTORS %rcx
  jmp 17b

// ---- host_call_transfer(): leaves with the request that lies in the host block; returns when the host re-enters.
// Preserves what the ABI preserves, and the vector registers if Thread::vectors_live.
  .globl host_call_transfer, host_call_returned
  .type host_call_transfer, @function
host_call_transfer:
  push %rbx
  push %rbp
  push %r12
  push %r13
  push %r14
  push %r15
  lea host_call_returned(%rip), %rcx
  push %rcx
  jmp leave_with_request
host_call_returned:
  pop %r15
  pop %r14
  pop %r13
  pop %r12
  pop %rbp
  pop %rbx
  ret
  .size host_call_transfer, . - host_call_transfer

// ---- leave_with_request: the same without a C++ frame to save; continues at the address on the stack, with the stack behind it.
// Preserves no general register but RSP.
  .globl leave_with_request
  .balign 64
leave_with_request:
  sub $24, %rsp                         // 0: FS base, 8: MXCSR, 16: XINUSE
  mov %gs:T_SELF, %r11
  rdfsbase %rax
  mov %rax, (%rsp)
  stmxcsr 8(%rsp)
  cmpq $0, T_VECTORS_LIVE(%r11)
  jne 20f
21:
  mov $1, %ecx
  xgetbv
  mov %rax, 16(%rsp)
  test $1, %al
  jnz 22f
23:
#if CLOISTER_KEEPS(E_11)
  ZERO_VECTORS
  ldmxcsr exit_mxcsr(%rip)
#endif
  movq $STATE_HOST_CALL, T_STATE(%r11)
  mov %rsp, T_EXIT_RSP(%r11)
  mov T_HOST_RBP(%r11), %rbp
  mov T_HOST_RSP(%r11), %rsp
  mov T_HOST_TARGET(%r11), %rbx
  ZERO_GENERAL_BUT_RBX
  jmp enclu_eexit
20:
  mov %gs:T_VECTOR_AREA, %rcx
  SAVE_VECTORS %rcx
  jmp 21b
22:
  mov %gs:T_X87_AREA, %rcx
  mov $1, %eax
  xor %edx, %edx
  xsave64 (%rcx)
  xrstor64 core_initial_xstate(%rip)
  // A program that once used x87 and left it empty, with the initial control and status words, has nothing to get back; otherwise it
  // would pay for the restore for ever.
  cmpl $0x037f, (%rcx)                  // FCW and FSW
  jne 23b
  cmpb $0, 4(%rcx)                      // abridged tag word: all empty
  jne 23b
  movq $0, 16(%rsp)
  jmp 23b

// ---- first entry of a thread (E-6: once)
first_entry:
#if CLOISTER_KEEPS(E_6)
  cmpq $STATE_READY, T_STATE(%r8)
  jne stop_entry
#endif
  lea enclave_entry(%rip), %r9
  cmp core_linked_entry(%rip), %r9      // ELRANGE must start at 0: the image holds absolute addresses
  jne stop_entry
  SPECULATION_BARRIER
  movq $STATE_INSIDE, %gs:T_STATE
  mov %rsp, %gs:T_HOST_RSP
  mov %rbp, %gs:T_HOST_RBP
  mov %rcx, %gs:T_HOST_TARGET
#if CLOISTER_KEEPS(E_5)
  mov %gs:T_STACK_TOP, %rsp
#endif
  RESET_RFLAGS
  mov %rdx, %r14
  ESTABLISH_INITIAL_STATE
  mov %r14, %rdx
  mov %gs:T_SELF, %rcx
  ZERO_ALL_BUT_ARGUMENTS
  call core_first_entry                 // (host block, start area, its size, Thread*); does not return
  jmp stop_entry

// ---- exception entry (CSSA 1): stage 1 looks at SSA frame 0 and edits it; the host then resumes
exception_entry:
  SPECULATION_BARRIER
  mov %rsp, %r9
  mov %rbp, %r10
  mov %rcx, %r11
#if CLOISTER_KEEPS(E_5)
  mov %gs:T_EXCEPTION_STACK, %rsp
#endif
  RESET_RFLAGS
  push %r9
  push %r10
  push %r11
  push %r11                             // alignment
  ESTABLISH_INITIAL_STATE
  mov %gs:T_SELF, %rdi
  xor %esi, %esi
  xor %edx, %edx
  xor %ecx, %ecx
  ZERO_ALL_BUT_ARGUMENTS
  call exception_stage1
  pop %rbx
  pop %rbx
  pop %rbp
  pop %r9
  mov %r9, %rsp
  ZERO_GENERAL_BUT_RBX
  jmp enclu_eexit

// ---- an entry that no state allows: the enclave is stopped for good (E-13)
stop_entry:
  movb $1, core_stopped(%rip)
  mov %rcx, %rbx
  ZERO_GENERAL_BUT_RBX
  mov $ENTRY_REFUSED, %edx              // an honest host ends and says so
  jmp enclu_eexit
stopped_entry:
  mov %rcx, %rbx
  ZERO_GENERAL_BUT_RBX
  mov $ENTRY_AFTER_STOP, %edx           // an honest host leaves that to the thread that was inside
  jmp enclu_eexit

// refuse_first_entry(): the same for what C++ finds wrong. The way out has been checked; no register holds anything of ours.
  .globl refuse_first_entry
refuse_first_entry:
  movb $1, core_stopped(%rip)
  mov %gs:T_HOST_RBP, %rbp
  mov %gs:T_HOST_RSP, %rsp
  mov %gs:T_HOST_TARGET, %rbx
  ZERO_GENERAL_BUT_RBX
  mov $ENTRY_REFUSED, %edx
  jmp enclu_eexit
  .size enclave_entry, . - enclave_entry

  .data
  .balign 8
core_linked_entry: .quad enclave_entry
  .balign 64
  .globl core_initial_xstate
core_initial_xstate:                    // XSTATE_BV = 0: every component to its initial state; MXCSR from here
  .fill 24, 1, 0
  .long RUNTIME_MXCSR
  .long 0xffff
  .fill 480, 1, 0
  .fill 64, 1, 0
  .globl core_scrub_level, core_stopped
core_scrub_level: .byte 0               // with what else every exit and entry reads, in one cache line
core_stopped: .byte 0
  .balign 4
exit_mxcsr: .long RUNTIME_MXCSR
  .section .note.GNU-stack, "", @progbits
