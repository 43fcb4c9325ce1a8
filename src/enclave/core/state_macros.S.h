// SPDX-License-Identifier: Apache-2.0
// Assembly macros that bring register state into its defined form. Rules E-2, E-3, E-4, E-11.
#pragma once
#include "src/enclave/core/thread_offsets.h"

// The whole extended state by XRSTOR of an initial image. Clobbers rax, rdx.
.macro RESTORE_INITIAL_STATE mov $ - 1, % eax mov $ - 1,
    % edx xrstor64 core_initial_xstate(% rip)
            .endm

            .macro CLEAR_RFLAGS push $0 popfq
            .endm

            // Vector registers to zero. core_scrub_level: 2 = AVX-512, 1 = AVX, 0 = unknown, take XRSTOR. Clobbers rax,
            // rdx, flags.
            .macro ZERO_VECTORS cmpb $1,
    core_scrub_level(% rip) je 801f jb 802f.irp n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30,
    31 vpxorq % xmm\n, % xmm\n, % xmm\n.endr.irp n, 0, 1, 2, 3, 4, 5, 6, 7 kxorq % k\n, % k\n,
    % k\n.endr 801 : vzeroall jmp 803f 802 : RESTORE_INITIAL_STATE 803
    :.endm

         // Vector registers to zero, x87 and MXCSR as they are. Clobbers rax, rdx, flags; uses 8 bytes of stack.
         .macro INITIAL_VECTORS_ONLY sub $8,
    % rsp stmxcsr(% rsp) mov $ - 2, % eax mov $ - 1, % edx xrstor64 core_initial_xstate(% rip) ldmxcsr(% rsp) add $8,
    % rsp.endm

            .macro SAVE_VECTORS area cmpb $2,
    core_scrub_level(% rip) jne 811f.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20,
    21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31 vmovups % zmm\n, \n * 64(\area).endr.irp n, 0, 1, 2, 3, 4, 5, 6,
    7 kmovq % k\n, 2048 +\n * 8(\area).endr jmp 812f 811 :.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
    15 vmovups % ymm\n, \n * 64(\area)
                                 .endr 812
    :.endm

                                 .macro LOAD_VECTORS area cmpb $2,
    core_scrub_level(% rip) jne 821f.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20,
    21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31 vmovups \n * 64(\area), % zmm\n.endr.irp n, 0, 1, 2, 3, 4, 5, 6,
    7 kmovq 2048 +\n * 8(\area), % k\n.endr jmp 822f 821 :.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
    13, 14, 15 vmovups \n * 64(\area), % ymm\n.endr 822
    :.endm

         .macro ZERO_GENERAL_BUT_RBX xor % eax,
    % eax xor % ecx, % ecx xor % edx, % edx xor % esi, % esi xor % edi, % edi xor % r8d, % r8d xor % r9d,
    % r9d xor % r10d, % r10d xor % r11d, % r11d xor % r12d, % r12d xor % r13d, % r13d xor % r14d, % r14d xor % r15d,
    % r15d.endm
