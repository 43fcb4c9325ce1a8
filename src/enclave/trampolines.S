// SPDX-License-Identifier: Apache-2.0
// Room for the trampolines of the runtime's own redirected sites; cloister-link fills it.
  .section .cloister_trampolines, "axR", @progbits
  .balign 4096
  .globl cloister_trampolines
cloister_trampolines:
  .fill 32768, 1, 0xcc
  .section .note.GNU-stack, "", @progbits
