// SPDX-License-Identifier: Apache-2.0
// The statically added thread: TCS, SSA frames, Thread, stacks. Every further thread is made at run time (thread_area.cc).
// ELRANGE starts at 0, so offsets and addresses are the same.
#include "src/enclave/core/thread_offsets.h"

  .section .data.boot, "aw", @progbits
  .balign 4096
  .globl boot_tcs
boot_tcs:                               // a page of its own; the image writer fills it in, so that nothing relocates it
  .fill 4096, 1, 0

  .globl boot_thread
  .balign 64
boot_thread:
.macro THREAD_FIELD offset, value
  .org boot_thread + \offset
  .quad \value
.endm
  THREAD_FIELD T_SELF, boot_thread
  THREAD_FIELD T_CONTEXT, (boot_stack_top-C_SIZE-64)  // moved when the program starts
  THREAD_FIELD T_STATE, STATE_READY
  THREAD_FIELD T_VECTOR_AREA, boot_vector_area
  THREAD_FIELD T_X87_AREA, boot_x87_area
  THREAD_FIELD T_EXCEPTION_STACK, boot_exception_stack_top
  THREAD_FIELD T_STACK_TOP, boot_stack_top
  THREAD_FIELD T_XSAVE_AREA, boot_xsave_area
  THREAD_FIELD T_SSA, boot_ssa
  .org boot_thread + T_SIZE

  .section .bss.boot, "aw", @nobits
  .balign 4096
  .globl boot_ssa
boot_ssa: .skip 2 * 4 * 4096
boot_xsave_area: .skip XSAVE_AREA_SIZE
boot_exception_stack: .skip EXCEPTION_STACK_SIZE
boot_exception_stack_top:
boot_vector_area: .skip VECTOR_AREA_SIZE
boot_x87_area: .skip X87_AREA_SIZE
  .balign 4096
boot_stack: .skip 131072
boot_stack_top:
  .section .note.GNU-stack, "", @progbits
