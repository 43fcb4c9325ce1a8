// SPDX-License-Identifier: Apache-2.0
// Confines the process to the host-call table and what the host part itself needs. Untrusted side; it keeps the enclave
// from reaching the kernel by accident, and bounds hostile code to the listed calls.
#pragma once
#include "src/base/result.h"

namespace cloister::host {
Result<void> install_seccomp_filter();
}  // namespace cloister::host
