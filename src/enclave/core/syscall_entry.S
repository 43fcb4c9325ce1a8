// SPDX-License-Identifier: Apache-2.0
// The program's way into the kernel and back. Trampolines jump here with the return address in RCX, all other
// registers as for `syscall`. The frame lies at a fixed place, the top of the thread's runtime stack.
#include "src/enclave/core/state_macros.inc"

  .section .text.hot.syscall, "ax", @progbits

// Saves the program's registers into the thread's context, of which everything up to C_FULL is pushed downwards.
.macro SAVE_CONTEXT vectors_live
  mov %rsp, %gs:T_PROGRAM_RSP
  mov %gs:T_CONTEXT, %rsp
  lea C_FULL+8(%rsp), %rsp
  push $kFast
  push %rdi
  push %rsi
  push %rdx
  push %rcx
  push %rax
  push %r8
  push %r9
  push %r10
  pushfq                                // R11, as the instruction would leave it
  push %rbx
  push %rbp
  push %r12
  push %r13
  push %r14
  push %r15
  movq $\vectors_live, %gs:T_VECTORS_LIVE
.endm
  .set kFast, 0
  .set kRestartSys, -512                // task.h
  .set kLeaveWithRequest, -601

  .globl syscall_entry_dead, syscall_entry_live
  .type syscall_entry_live, @function
  .balign 64
syscall_entry_live:
  SAVE_CONTEXT 1
  jmp begin_call
  .size syscall_entry_live, . - syscall_entry_live

  .type syscall_entry_dead, @function
  .balign 64
syscall_entry_dead:
  SAVE_CONTEXT 0
begin_call:
  testl $0x44500, C_R11(%rsp)           // AC, NT, DF, TF must not reach C++
  jnz reset_flags
flags_reset:
  mov %gs:T_SELF, %rdi
  mov %rsp, %rsi
  mov %eax, %edx
  call begin_system_call
  cmp $kLeaveWithRequest, %rax
  jne call_answered

// Nothing of C++ is alive: RSP is the context's, and what finish_transfer needs lies in the Thread.
leave_for_transfer:
  lea transfer_answered(%rip), %rcx
  push %rcx
  jmp leave_with_request
transfer_answered:
  ZERO_ALL_BUT_ARGUMENTS
  xor %esi, %esi
  xor %edx, %edx
  xor %ecx, %ecx
  mov %gs:T_SELF, %rdi
  call finish_transfer
  cmp $kLeaveWithRequest, %rax
  je leave_for_transfer

call_answered:
  cmp $kRestartSys, %rax                // a result or an errno?
  jle finish_call
  cmpq $kFast, C_FULL(%rsp)
  jne finish_call
  mov %rax, C_RAX(%rsp)
// From `syscall_return_window_begin` to `_end` a pending-work mark would be missed: stage 1 restarts at
// syscall_return when it interrupts there, which is why everything is still read from the context.
  .globl syscall_return, syscall_return_window_begin, syscall_return_window_end, resume_program
syscall_return:
syscall_return_window_begin:
  mov %gs:T_CONTEXT, %rsp
  cmpq $0, %gs:T_WORK
  jne return_work
  cmpq $kFast, C_FULL(%rsp)
  jne return_full
  pop %r15
  pop %r14
  pop %r13
  pop %r12
  pop %rbp
  pop %rbx
  pop %r11
  pop %r10
  pop %r9
  pop %r8
  pop %rax
  pop %rcx
  pop %rdx
  pop %rsi
  pop %rdi
  mov %gs:T_PROGRAM_RSP, %rsp
  jmp *%rcx

return_full:
  cmpq $2, C_FULL(%rsp)
  jne 1f
  mov %gs:T_XSAVE_AREA, %rcx
  mov $-1, %eax
  mov $-1, %edx
  xrstor64 (%rcx)
1:
  mov C_RIP(%rsp), %rax
  mov %rax, %gs:T_RESUME_RIP
  mov C_R15(%rsp), %r15
  mov C_R14(%rsp), %r14
  mov C_R13(%rsp), %r13
  mov C_R12(%rsp), %r12
  mov C_RBP(%rsp), %rbp
  mov C_RBX(%rsp), %rbx
  mov C_R11(%rsp), %r11
  mov C_R10(%rsp), %r10
  mov C_R9(%rsp), %r9
  mov C_R8(%rsp), %r8
  mov C_RAX(%rsp), %rax
  mov C_RCX(%rsp), %rcx
  mov C_RDX(%rsp), %rdx
  mov C_RSI(%rsp), %rsi
  mov C_RDI(%rsp), %rdi
  pushq C_RFLAGS(%rsp)
  popfq
  mov C_RSP(%rsp), %rsp
  jmp *%gs:T_RESUME_RIP
syscall_return_window_end:

reset_flags:
  push $0
  popfq
  movq $1, C_FULL(%rsp)
  jmp flags_reset

finish_call:
  mov %gs:T_SELF, %rdi
  mov %rsp, %rsi
  mov %rax, %rdx
  call finish_system_call
  jmp syscall_return
  .size syscall_entry_dead, . - syscall_entry_dead

// The work may build a signal frame, so the complete state goes into the context and the XSAVE area first.
return_work:
  cmpq $2, C_FULL(%rsp)
  je 2f
  cmpq $0, %gs:T_VECTORS_LIVE
  jne 1f
  INITIAL_VECTORS_ONLY                  // at such a site the program expects nothing of them: not the runtime's values
1:
  mov %gs:T_XSAVE_AREA, %rcx
  mov $-1, %eax
  mov $-1, %edx
  xsave64 (%rcx)
  movq $0, %gs:T_VECTORS_LIVE
  cmpq $0, C_FULL(%rsp)
  movq $2, C_FULL(%rsp)
  jne 2f
  mov C_RCX(%rsp), %rax
  mov %rax, C_RIP(%rsp)
  mov C_R11(%rsp), %rax
  mov %rax, C_RFLAGS(%rsp)
  mov %gs:T_PROGRAM_RSP, %rax
  mov %rax, C_RSP(%rsp)
2:
  mov %rsp, %rdi
  call return_to_program_work
  jmp syscall_return

// resume_program(): to the program with the complete state of Thread::context; used after program start, faults and
// signal delivery.
resume_program:
  jmp syscall_return

// Stage 2 of an exception: entered by ERESUME on the thread's runtime stack with the program's vector registers, its
// general registers already in Thread::context.
  .globl exception_stage2_entry
exception_stage2_entry:
  cld
  mov %gs:T_XSAVE_AREA, %rcx
  mov $-1, %eax
  mov $-1, %edx
  xsave64 (%rcx)
  movq $0, %gs:T_VECTORS_LIVE           // complete state lies in the XSAVE area
  RESTORE_INITIAL_STATE
  mov %gs:T_CONTEXT, %rsp
  mov %rsp, %rdi
  call exception_stage2
  jmp syscall_return

// enter_kernel(function, context): runs `function(context)` in the kernel storey: the runtime's FS base, its MXCSR, the
// program's vector registers saved where they are live. rdi = function, rsi = context.
  .globl enter_kernel
  .type enter_kernel, @function
  .balign 64
enter_kernel:
  push %rbx
  push %r12
  sub $24, %rsp
  rdfsbase %rbx
  mov %rbx, %gs:T_PROGRAM_FS
  mov %gs:T_RUNTIME_FS, %rax
  wrfsbase %rax
  mov %gs:T_VECTORS_LIVE, %r12
  test %r12, %r12
  jnz 1f
2:
  cmpb $0, core_scrub_level(%rip)
  je 5f
  vzeroupper                            // saved or dead: SSE code behind dirty upper halves is slow
5:
  mov %r12, %gs:T_PROGRAM_VECTORS
  stmxcsr (%rsp)
  mov (%rsp), %eax
  mov %rax, %gs:T_PROGRAM_MXCSR
  ldmxcsr runtime_mxcsr(%rip)
  mov %rdi, %rax
  mov %rsi, %rdi
  call *%rax
  ldmxcsr (%rsp)
  test %r12, %r12
  jnz 3f
4:
  mov %gs:T_PROGRAM_FS, %rbx            // arch_prctl and sigreturn may have set another
  wrfsbase %rbx
  add $24, %rsp
  pop %r12
  pop %rbx
  ret
1:
  mov %gs:T_VECTOR_AREA, %rcx
  SAVE_VECTORS %rcx
  movq $0, %gs:T_VECTORS_LIVE
  jmp 2b
3:
  mov %gs:T_VECTOR_AREA, %rcx
  LOAD_VECTORS %rcx
  mov %r12, %gs:T_VECTORS_LIVE
  jmp 4b
  .size enter_kernel, . - enter_kernel

// enter_program(): from C++ to the program with the complete state of Thread::context, which lies above the stack in use.
  .globl enter_program
enter_program:
  mov %gs:T_PROGRAM_FS, %rax
  wrfsbase %rax
  jmp syscall_return

// ---- the runtime's own calls (glibc inside the image); redirected sites arrive with the return address in RCX
  .globl runtime_syscall_entry
  .type runtime_syscall_entry, @function
runtime_syscall_entry:
  lea -128(%rsp), %rsp                  // libc uses the red zone
  push %rcx
  push %rbp
  mov %rsp, %rbp
  push %rdi
  push %rsi
  push %rdx
  push %r10
  push %r8
  push %r9
  mov %rsp, %rdi                        // r9, r8, r10, rdx, rsi, rdi upwards
  mov %rax, %rsi
  mov %rcx, %rdx
  and $-64, %rsp
  call runtime_syscall
  mov %rbp, %rsp
  mov -48(%rbp), %r9
  mov -40(%rbp), %r8
  mov -32(%rbp), %r10
  mov -24(%rbp), %rdx
  mov -16(%rbp), %rsi
  mov -8(%rbp), %rdi
  pop %rbp
  pop %rcx
  lea 128(%rsp), %rsp
  jmp *%rcx
  .size runtime_syscall_entry, . - runtime_syscall_entry

// ---- cpuid, rdtsc, rdtscp of the runtime itself: called with the return address on the stack, below the red zone
.macro KEEP_AND_CALL function
  pushfq
  push %r11
  push %r10
  push %r9
  push %r8
  push %rdi
  push %rsi
  push %rbp
  push %rdx
  push %rcx
  push %rbx
  push %rax
  mov %rsp, %rdi                        // eax, ebx, ecx, edx as four 8-byte words
  mov %rsp, %rbp
  cld
  and $-16, %rsp
  call \function
  mov %rbp, %rsp
  pop %rax
  pop %rbx
  pop %rcx
  pop %rdx
  pop %rbp
  pop %rsi
  pop %rdi
  pop %r8
  pop %r9
  pop %r10
  pop %r11
  popfq
  ret
.endm
  .globl runtime_cpuid_entry, runtime_rdtsc_entry, runtime_rdtscp_entry
runtime_cpuid_entry:
  KEEP_AND_CALL emulate_cpuid
runtime_rdtsc_entry:
  KEEP_AND_CALL emulate_rdtsc
runtime_rdtscp_entry:
  KEEP_AND_CALL emulate_rdtscp

// The same for programs' trampolines. They run on the runtime's stack and go back by syscall_return: the page below the
// program's stack pointer need not be there, and a signal that comes meanwhile is seen.
.macro PROGRAM_GATE function
  mov %rsp, %gs:T_PROGRAM_RSP
  mov %gs:T_CONTEXT, %rsp
  mov %r15, C_R15(%rsp)
  mov %r14, C_R14(%rsp)
  mov %r13, C_R13(%rsp)
  mov %r12, C_R12(%rsp)
  mov %rbp, C_RBP(%rsp)
  mov %rbx, C_RBX(%rsp)
  mov %r11, C_R11(%rsp)
  mov %r10, C_R10(%rsp)
  mov %r9, C_R9(%rsp)
  mov %r8, C_R8(%rsp)
  mov %rsi, C_RSI(%rsp)
  mov %rdi, C_RDI(%rsp)
  movq $-1, C_ORIG_RAX(%rsp)
  movq $1, C_FULL(%rsp)
  movq $1, %gs:T_VECTORS_LIVE
  pushfq
  pop %r8
  mov %r8, C_RFLAGS(%rsp)
  push $0
  popfq
  mov %gs:T_PROGRAM_RSP, %r8
  mov (%r8), %r9                        // the return address, which the trampoline has just pushed
  mov %r9, C_RIP(%rsp)
  add $8, %r8
  mov %r8, C_RSP(%rsp)
  push %rdx
  push %rcx
  push %rbx
  push %rax
  mov %rsp, %rdi
  call \function
  pop %rax
  pop %rbx
  pop %rcx
  pop %rdx
  mov %rax, C_RAX(%rsp)
  mov %rbx, C_RBX(%rsp)
  mov %rcx, C_RCX(%rsp)
  mov %rdx, C_RDX(%rsp)
  jmp syscall_return
.endm
  .globl program_cpuid_entry, program_rdtsc_entry, program_rdtscp_entry
program_cpuid_entry:
  PROGRAM_GATE emulate_cpuid
program_rdtsc_entry:
  PROGRAM_GATE emulate_rdtsc
program_rdtscp_entry:
  PROGRAM_GATE emulate_rdtscp

// core_read_tsc(): cloister-link leaves this site alone (--keep).
  .globl core_read_tsc
  .type core_read_tsc, @function
core_read_tsc:
  rdtsc
  shl $32, %rdx
  or %rdx, %rax
  ret
  .size core_read_tsc, . - core_read_tsc

  .section .rodata
  .balign 4
runtime_mxcsr: .long RUNTIME_MXCSR
  .section .note.GNU-stack, "", @progbits
