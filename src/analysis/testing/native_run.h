// SPDX-License-Identifier: Apache-2.0
// For tests: runs an ELF program that has no interpreter in a child process, without execve, so that it can be
// rewritten in memory first. A seccomp filter kills it at a system call that comes from anywhere but one place.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

extern "C" {
// runtime_stubs.S
void runtime_syscall_entry();
void runtime_syscall_entry_return();  // label behind its system call
void runtime_cpuid_entry();
void runtime_rdtsc_entry();
void runtime_rdtscp_entry();
}

namespace cloister::testing {

bool cpu_has_fsgsbase();  // the stubs need it

struct NativeRun {
  int wait_status = -1;
  std::string output;
};

struct NativeProgram {
  std::span<const std::uint8_t> elf;
  std::uint64_t base;                     // added to its addresses
  std::uint64_t trampolines_address = 0;  // additional executable memory; none when empty
  std::span<const std::uint8_t> trampolines = {};
  std::uint64_t syscall_return;  // the only address that system calls may return to
};

NativeRun run_native(const NativeProgram& program, const std::vector<std::string>& arguments);

}  // namespace cloister::testing
