// SPDX-License-Identifier: Apache-2.0
// From a configuration to the process before its program is loaded. Trusted, kernel storey.
#pragma once
#include <string>
#include "src/enclave/kernel/process.h"
#include "src/release/configuration.h"

namespace cloister::configure {
// Arguments, environment, working directory and files become the process's. On an error *problem is a line for the
// host's operator: it names paths and positions, never contents.
Result<void> apply(const release::Configuration& configuration, kernel::Process& process, std::string* problem);
}  // namespace cloister::configure
