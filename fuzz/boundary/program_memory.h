// SPDX-License-Identifier: Apache-2.0
// The program's memory during one input. The enclave may read all of it, and write only what the current system call
// was given to fill; anything else ends the fuzzer.
#pragma once
#include <cstdint>
#include <cstring>
#include <string>
#include "src/enclave/kernel/program_memory.h"

namespace cloister::fuzz {
// Everything is free again.
void forget_program_memory();
// Zeroed bytes, 8-byte aligned.
kernel::ProgramAddress allocate(std::size_t size);
// The same, and until the next end_call() the enclave may fill them.
kernel::ProgramAddress allocate_output(std::size_t size);
// The same, and the second half is not there: at a page's beginning.
enum class Missing { until_touched, for_good };
kernel::ProgramAddress allocate_with_gap(std::size_t size, Missing until);
bool is_memory_missing();  // for good, somewhere
kernel::ProgramAddress text(const std::string& contents);
void end_call();

template <typename T>
T* at(kernel::ProgramAddress address) {
  return reinterpret_cast<T*>(address.value);
}
template <typename T>
kernel::ProgramAddress copy_of(const T& value) {
  const kernel::ProgramAddress address = allocate(sizeof value);
  std::memcpy(at<T>(address), &value, sizeof value);
  return address;
}
}  // namespace cloister::fuzz
