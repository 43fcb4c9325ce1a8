// SPDX-License-Identifier: Apache-2.0
// ENCLAVE_CHECK: what must hold unless we are wrong. Stays on in release; a failure stops the enclave.
#pragma once

namespace cloister::core {
// Prints `cloister: TEXT (FILE:LINE)` through the host and ends the enclave with status 121.
[[noreturn]] void enclave_fail(const char* text, const char* file, unsigned line);
}  // namespace cloister::core

#define ENCLAVE_CHECK(condition)                                                                \
  do {                                                                                          \
    if (!(condition)) [[unlikely]]                                                              \
      ::cloister::core::enclave_fail("internal check failed: " #condition, __FILE__, __LINE__); \
  } while (false)
