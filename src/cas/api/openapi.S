// SPDX-License-Identifier: Apache-2.0
// openapi.json inside the program: CAS has no file beside it that the host could change.
        .section .rodata
        .globl  cloister_openapi_begin
        .globl  cloister_openapi_end
cloister_openapi_begin:
        .incbin CLOISTER_OPENAPI_FILE
cloister_openapi_end:
        .byte   0
        .section .note.GNU-stack, "", @progbits
