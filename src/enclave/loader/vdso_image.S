// SPDX-License-Identifier: Apache-2.0
  .section .rodata
  .balign 16
  .globl vdso_image_begin, vdso_image_end
vdso_image_begin:
  .incbin CLOISTER_VDSO_PATH
vdso_image_end:
  .section .note.GNU-stack, "", @progbits
