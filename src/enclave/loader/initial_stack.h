// SPDX-License-Identifier: Apache-2.0
// The stack with which a program starts: arguments, environment, auxiliary vector (System V ABI, 3.4.1). Trusted.
#pragma once
#include <cstdint>
#include <string>
#include <vector>
#include "src/base/result.h"
#include "src/enclave/kernel/process.h"
#include "src/enclave/loader/elf_loader.h"

namespace cloister::loader {
struct StackContents {
  const std::vector<std::string>& arguments;
  const std::vector<std::string>& environment;
  const std::string& executable;
  LoadedElf program;
  std::uint64_t interpreter_base;  // 0 without
  std::uint64_t vdso;              // 0 without
};
// Maps the stack and fills it; the initial stack pointer. E2BIG when the strings take more than a quarter of the stack.
Result<std::uint64_t> make_initial_stack(kernel::Process& process, const StackContents& contents);
}  // namespace cloister::loader
