// SPDX-License-Identifier: Apache-2.0
// Whether this user can have secret memory on this machine, and if not, what helps. Untrusted side.
#pragma once
#include <string>

namespace cloister::host {
struct SecretMemorySupport {
  bool kernel;         // memfd_secret is there
  bool usable;         // and the limit leaves room for programs
  std::string advice;  // for people: what it means, or the exact fix
};
SecretMemorySupport secret_memory_support();
}  // namespace cloister::host
