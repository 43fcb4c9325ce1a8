// SPDX-License-Identifier: Apache-2.0
// Where the core hands over to the C library inside the image.
  .text
// start_c_library(stack): copies nothing; the C library's _start finds argc at the stack pointer. The initial vector is static
// data, so a real stack is laid out below it first: 64 words from rdi onto the current stack.
  .globl start_c_library
  .type start_c_library, @function
start_c_library:
  and $-64, %rsp
  sub $512, %rsp
  mov %rdi, %rsi
  mov %rsp, %rdi
  mov $64, %ecx
  rep movsq
  xor %edx, %edx
  xor %ebp, %ebp
  jmp _start
  .size start_c_library, . - start_c_library

// begin_runtime_thread(registers, stack, resume): the child's return from clone3, with the parent's argument registers.
  .globl begin_runtime_thread
  .type begin_runtime_thread, @function
begin_runtime_thread:
  mov %rdx, %rcx
  mov %rsi, %rsp
  mov 0(%rdi), %r9
  mov 8(%rdi), %r8
  mov 16(%rdi), %r10
  mov 24(%rdi), %rdx
  mov 32(%rdi), %rsi
  mov 40(%rdi), %rdi
  xor %eax, %eax
  jmp *%rcx
  .size begin_runtime_thread, . - begin_runtime_thread
  .section .note.GNU-stack, "", @progbits
