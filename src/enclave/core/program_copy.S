// SPDX-License-Identifier: Apache-2.0
// Every access of the runtime to program memory. A fault between program_access_begin and program_access_end is not an
// error of ours: stage 1 continues at program_access_fault with the same registers, so that RAX or RDX says what is left.
// The host can make any instruction fault, by taking its page away: nothing in between moves the stack.
// Host memory is read and written in aligned 8-byte units only (rules S-13, S-14).
// Whole 8-byte words from %rsi to %rdi, eight at a time while there are so many; fewer than 8 of the %rdx bytes remain.
.macro COPY_WORDS
  cmp $64, %rdx
  jb 902f
901:
  .irp o,0,8,16,24,32,40,48,56
  mov \o(%rsi), %rcx
  mov %rcx, \o(%rdi)
  .endr
  add $64, %rsi
  add $64, %rdi
  sub $64, %rdx
  cmp $64, %rdx
  jae 901b
902:
  cmp $8, %rdx
  jb 904f
903:
  mov (%rsi), %rcx
  mov %rcx, (%rdi)
  add $8, %rsi
  add $8, %rdi
  sub $8, %rdx
  cmp $8, %rdx
  jae 903b
904:
.endm

// What is long goes through vector registers, which the program gets back: kept on the stack, below what was there.
#define kLongCopy 1024
#define kKeptVectors 64
.macro KEEP_VECTORS
  sub $kKeptVectors, %rsp
  .irp n,0,1,2,3
  movups %xmm\n, 16*\n(%rsp)
  .endr
.endm
.macro RETURN_VECTORS
  .irp n,0,1,2,3
  movups 16*\n(%rsp), %xmm\n
  .endr
  add $kKeptVectors, %rsp
.endm
// A block of 64 bytes from the four registers to %rdi; goes back to \loop while there is one more.
.macro STORE_BLOCK loop
  .irp n,0,1,2,3
  movups %xmm\n, 16*\n(%rdi)
  .endr
  add $64, %rsi
  add $64, %rdi
  sub $64, %rdx
  cmp $64, %rdx
  jae \loop
.endm

  .section .text.hot.program_access, "ax", @progbits
  .globl program_access_begin, program_access_end, program_access_fault
program_access_begin:

// copy_program_bytes(to, from, size) -> bytes not copied. Both inside ELRANGE.
  .globl copy_program_bytes
  .type copy_program_bytes, @function
  .balign 32
copy_program_bytes:
  COPY_WORDS
  test %rdx, %rdx
  jz 4f
3:
  movzbl (%rsi), %ecx
  mov %cl, (%rdi)
  inc %rsi
  inc %rdi
  dec %rdx
  jnz 3b
4:
  xor %eax, %eax
  ret
  .size copy_program_bytes, . - copy_program_bytes

// copy_host_to_program(to, from, size) -> bytes not copied. `from` is 8-byte aligned and lies outside. This and the next change no
// register but RAX, RCX, RDX, RSI, RDI and R8.
  .globl copy_host_to_program
  .type copy_host_to_program, @function
  .balign 32
copy_host_to_program:
  cmp $kLongCopy, %rdx
  jae copy_blocks_from_host
.Lrest_from_host:
  COPY_WORDS
  test %edx, %edx
  jz 6f
  mov (%rsi), %rcx                      // one whole word; the bounce buffer is a multiple of 8
  test $4, %dl
  jz 5f
  mov %ecx, (%rdi)
  shr $32, %rcx
  add $4, %rdi
  sub $4, %edx
5:
  test $2, %dl
  jz 5f
  mov %cx, (%rdi)
  shr $16, %ecx
  add $2, %rdi
  sub $2, %edx
5:
  test $1, %dl
  jz 6f
  mov %cl, (%rdi)
6:
  xor %eax, %eax
  ret
  .size copy_host_to_program, . - copy_host_to_program

// copy_program_to_host(to, from, size) -> bytes not copied. `to` is 8-byte aligned, lies outside, and may be written up
// to the next multiple of 8.
  .globl copy_program_to_host
  .type copy_program_to_host, @function
  .balign 32
copy_program_to_host:
  mov %rdi, %r8
  cmp $kLongCopy, %rdx
  jae copy_blocks_to_host
.Lrest_to_host:
  COPY_WORDS
  test %edx, %edx
  jz 6f
  cmp %rdi, %r8
  je 7f
  mov -8(%rsi,%rdx), %rax                // the last 8 bytes, of which the upper ones are left
  lea -64(,%rdx,8), %ecx
  neg %ecx
  shr %cl, %rax
  mov %rax, (%rdi)
6:
  xor %eax, %eax
  ret
7:                                      // fewer than 8 bytes in all
  xor %ecx, %ecx
  lea -1(%rdx), %r8
8:
  shl $8, %rcx
  movzbl (%rsi,%r8), %eax
  or %rax, %rcx
  dec %r8
  jns 8b
  mov %rcx, (%rdi)
  xor %eax, %eax
  ret
  .size copy_program_to_host, . - copy_program_to_host

// zero_program_bytes(to, size in rsi) -> bytes not written.
  .globl zero_program_bytes
  .type zero_program_bytes, @function
  .balign 32
zero_program_bytes:
  mov %rsi, %rdx
1:
  cmp $8, %rdx
  jb 2f
  movq $0, (%rdi)
  add $8, %rdi
  sub $8, %rdx
  jmp 1b
2:
  test %rdx, %rdx
  jz 3f
  movb $0, (%rdi)
  inc %rdi
  dec %rdx
  jmp 2b
3:
  xor %eax, %eax
  ret
  .size zero_program_bytes, . - zero_program_bytes

// copy_program_string(to, from, size) -> bytes of `size` left when the terminator was copied (> 0), 0 when there was
// none, or after a fault what was left, with RDX; the caller sees a fault by Thread::fault_address, which it clears first.
  .globl copy_program_string
  .type copy_program_string, @function
  .balign 32
copy_program_string:
  test %rdx, %rdx
  jz 2f
1:
  movzbl (%rsi), %ecx
  mov %cl, (%rdi)
  test %cl, %cl
  jz 2f
  inc %rsi
  inc %rdi
  dec %rdx
  jnz 1b
2:
  mov %rdx, %rax
  ret
  .size copy_program_string, . - copy_program_string

// load_program_u32(from, u32* value) -> 0, or 4 after a fault.
  .globl load_program_u32
  .type load_program_u32, @function
load_program_u32:
  mov $4, %edx
  mov (%rdi), %ecx
  mov %ecx, (%rsi)
  xor %eax, %eax
  ret
  .size load_program_u32, . - load_program_u32

// compare_exchange_program_u32(at, u32* expected, desired): 0 done or *expected updated; 4 after a fault.
// RDX holds the desired value, so the caller learns of success by comparing *expected.
  .globl compare_exchange_program_u32
  .type compare_exchange_program_u32, @function
compare_exchange_program_u32:
  mov %edx, %ecx
  mov $4, %edx
  mov (%rsi), %eax
  lock cmpxchg %ecx, (%rdi)
  mov %eax, (%rsi)
  xor %eax, %eax
  ret
  .size compare_exchange_program_u32, . - compare_exchange_program_u32

// What is long, in blocks, with the vectors kept: faults here continue at program_block_fault.
  .globl program_blocks_begin, program_blocks_end, program_block_fault
program_blocks_begin:
  int3
  .balign 32
blocks_from_host:
  .irp n,0,1,2,3
  movq 16*\n(%rsi), %xmm\n                // eight bytes at a time (S-13)
  movhps 16*\n+8(%rsi), %xmm\n
  .endr
  STORE_BLOCK blocks_from_host
  jmp .Lblocks_from_host_copied

  .balign 32
blocks_to_host:
  .irp n,0,1,2,3
  movups 16*\n(%rsi), %xmm\n
  .endr
  STORE_BLOCK blocks_to_host       // an aligned multiple of eight bytes (S-14)
  jmp .Lblocks_to_host_copied
program_blocks_end:
program_access_end:
  int3

// Outside: where the stack moves, there is no fault to go on from.
copy_blocks_from_host:
  KEEP_VECTORS
  jmp blocks_from_host
.Lblocks_from_host_copied:
  RETURN_VECTORS
  jmp .Lrest_from_host
copy_blocks_to_host:
  KEEP_VECTORS
  jmp blocks_to_host
.Lblocks_to_host_copied:
  RETURN_VECTORS
  jmp .Lrest_to_host

program_block_fault:
  RETURN_VECTORS
program_access_fault:
  mov %rdx, %rax
  ret
  .section .note.GNU-stack, "", @progbits
