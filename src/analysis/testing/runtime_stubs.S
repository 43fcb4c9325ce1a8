// SPDX-License-Identifier: Apache-2.0
// Entry points for tests: carry out the instruction for real. The resume address stays in the GS base, which the kernel
// preserves and hands on to new threads; neither the stack nor any other register can be used. No signal handlers: one
// that issues a system call overwrites it.
  .text
  .globl runtime_syscall_entry, runtime_syscall_entry_return
  .globl runtime_cpuid_entry, runtime_rdtsc_entry, runtime_rdtscp_entry
  .type runtime_syscall_entry, @function
  .type runtime_cpuid_entry, @function
  .type runtime_rdtsc_entry, @function
  .type runtime_rdtscp_entry, @function
runtime_syscall_entry:
  wrgsbase %rcx
  syscall
runtime_syscall_entry_return:
  rdgsbase %rcx
  jmp *%rcx
  .size runtime_syscall_entry, . - runtime_syscall_entry
runtime_cpuid_entry:
  cpuid
  ret
  .size runtime_cpuid_entry, . - runtime_cpuid_entry
runtime_rdtsc_entry:
  rdtsc
  ret
  .size runtime_rdtsc_entry, . - runtime_rdtsc_entry
runtime_rdtscp_entry:
  rdtscp
  ret
  .size runtime_rdtscp_entry, . - runtime_rdtscp_entry

  .section .cloister_trampolines, "ax", @progbits
  .balign 64
  .fill 32768, 1, 0xCC

  .section .note.GNU-stack, "", @progbits
