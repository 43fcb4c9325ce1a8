// SPDX-License-Identifier: Apache-2.0
// The SVNs of a simulated platform besides its CPUSVN, kept in a file. Host side.
#pragma once
#include <string>
#include "src/dcap/simulation/quoting_enclave.h"

namespace cloister::dcap::simulation {

// The current ones where there is no file.
Result<PlatformSvns> load_svns(const std::string& file);
Result<void> save_svns(const std::string& file, const PlatformSvns& svns);

}  // namespace cloister::dcap::simulation
