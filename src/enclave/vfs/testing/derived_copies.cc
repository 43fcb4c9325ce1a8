// SPDX-License-Identifier: Apache-2.0
// The core's copies that follow from copy_from_program and copy_to_program, of which each kind of test has its own.
#include "src/enclave/core/program_access.h"

namespace cloister::core {
bool copy_host_to_program_checked(std::uint64_t to, HostAddress host, std::size_t size) {
  return copy_to_program(to, reinterpret_cast<const void*>(host.word()), size);
}
bool copy_program_to_host_checked(HostAddress host, std::uint64_t from, std::size_t size) {
  return copy_from_program(reinterpret_cast<void*>(host.word()), from, size);
}
bool load_program_u32_checked(std::uint64_t from, std::uint32_t* value) {
  return copy_from_program(value, from, sizeof *value);
}
bool compare_exchange_program_u32_checked(std::uint64_t at, std::uint32_t* expected, std::uint32_t desired) {
  std::uint32_t found;
  if (!copy_from_program(&found, at, sizeof found)) return false;
  const bool is_equal = found == *expected;
  *expected = found;
  return copy_to_program(at, is_equal ? &desired : &found, sizeof found);
}
}  // namespace cloister::core
