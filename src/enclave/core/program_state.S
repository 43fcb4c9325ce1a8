// SPDX-License-Identifier: Apache-2.0
// Whole programs' states in the hands of the kernel storey: starting a program thread on top of a C++ frame and leaving it
// for good, and the processor state of the calling program as an XSAVE image.
#include "src/enclave/core/state_macros.inc"

#define SAVED_RSP C_SIZE                // just above the context
#define FRAME_SIZE (C_SIZE + 32)

  .text
// run_program(const ProgramContext*): into the program with this context and the XSAVE area of the thread; the context of all
// its system calls lies right below this frame. Returns when leave_program is called on this thread.
  .globl run_program
  .type run_program, @function
run_program:
  push %rbx
  push %rbp
  push %r12
  push %r13
  push %r14
  push %r15
  mov %rsp, %rax
  sub $FRAME_SIZE, %rsp
  and $-64, %rsp
  mov %rax, SAVED_RSP(%rsp)
  mov %rdi, %rsi
  mov %rsp, %rdi
  mov $C_SIZE / 8, %ecx
  rep movsq
  mov %rsp, %gs:T_CONTEXT
  movq $2, C_FULL(%rsp)
  movq $0, %gs:T_VECTORS_LIVE
  jmp enter_program
  .size run_program, . - run_program

// leave_program(): gives up everything below the frame of run_program and returns from it, with the runtime's state.
  .globl leave_program
  .type leave_program, @function
leave_program:
  cld
  RESTORE_INITIAL_STATE
  mov %gs:T_RUNTIME_FS, %rax
  wrfsbase %rax
  mov %gs:T_CONTEXT, %rsp
  mov SAVED_RSP(%rsp), %rsp
  pop %r15
  pop %r14
  pop %r13
  pop %r12
  pop %rbp
  pop %rbx
  ret
  .size leave_program, . - leave_program

// capture_program_state(area): what the program's processor state was at the system call that the kernel storey now serves,
// as an XSAVE image at `area` (64-byte aligned, XSAVE_AREA_SIZE bytes, its header zero). The x87 state is still in the
// processor, vectors and MXCSR come from the Thread. All vector registers are the caller's to lose.
  .globl capture_program_state
  .type capture_program_state, @function
capture_program_state:
  sub $24, %rsp
  stmxcsr 8(%rsp)
  INITIAL_VECTORS_ONLY
  cmpq $0, %gs:T_PROGRAM_VECTORS
  je 1f
  mov %gs:T_VECTOR_AREA, %rcx
  LOAD_VECTORS %rcx
1:
  mov %gs:T_PROGRAM_MXCSR, %rax
  mov %eax, (%rsp)
  ldmxcsr (%rsp)
  mov $-1, %eax
  mov $-1, %edx
  xsave64 (%rdi)
  ldmxcsr 8(%rsp)
  add $24, %rsp
  ret
  .size capture_program_state, . - capture_program_state
  .section .note.GNU-stack, "", @progbits
