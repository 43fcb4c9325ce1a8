// SPDX-License-Identifier: Apache-2.0
// Calls that Cloister does not serve yet and whose absence a user should hear of. Trusted.
#pragma once
#include "src/enclave/syscalls/handlers.h"

namespace cloister::syscalls {
// ENOSYS; `cloister: WHAT is not served yet` on standard error, once for each text (a literal).
SysResult not_served(const char* what);
}  // namespace cloister::syscalls
