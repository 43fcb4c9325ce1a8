// SPDX-License-Identifier: Apache-2.0
// Offsets into core::Thread and core::ProgramContext for assembly; thread.h checks them against the structures.
#pragma once

#define T_SELF 0
#define T_PROGRAM_RSP 8
#define T_CONTEXT 16
#define T_STATE 24
#define T_EXIT_RSP 32
#define T_HOST_RSP 40
#define T_HOST_RBP 48
#define T_HOST_TARGET 56
#define T_WORK 64
#define T_VECTORS_LIVE 72
#define T_RUNTIME_FS 192
#define T_PROGRAM_FS 200
#define T_VECTOR_AREA 208
#define T_X87_AREA 216
#define T_EXCEPTION_STACK 224
#define T_RESUME_RIP 232
#define T_STACK_TOP 240
#define T_XSAVE_AREA 248
#define T_SSA 256
#define T_PROGRAM_MXCSR 352
#define T_PROGRAM_VECTORS 360
#define T_SIZE 448

#define EXCEPTION_STACK_SIZE 16384
#define XSAVE_AREA_SIZE 12288
#define VECTOR_AREA_SIZE XSAVE_AREA_SIZE
#define X87_AREA_SIZE 640

#define STATE_UNUSED 0
#define STATE_READY 1
#define STATE_INSIDE 2
#define STATE_HOST_CALL 3

#define C_R15 0
#define C_R14 8
#define C_R13 16
#define C_R12 24
#define C_RBP 32
#define C_RBX 40
#define C_R11 48
#define C_R10 56
#define C_R9 64
#define C_R8 72
#define C_RAX 80
#define C_RCX 88
#define C_RDX 96
#define C_RSI 104
#define C_RDI 112
#define C_FULL 120
#define C_RIP 128
#define C_RFLAGS 136
#define C_RSP 144
#define C_ORIG_RAX 152
#define C_SIZE 160

#define RUNTIME_MXCSR 0x1fbf
#define PROGRAM_MXCSR 0x1f80
