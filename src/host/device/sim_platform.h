// SPDX-License-Identifier: Apache-2.0
// The simulated package's fuses: made at first use, kept in a directory. Who reads them can forge everything simulated.
#pragma once
#include <span>
#include <string>
#include "src/base/result.h"
#include "src/sgx/keys.h"

namespace cloister::host {
// `directory` if given, else $CLOISTER_SIM_DIR, else /var/lib/cloister/sim where it can be used, else a directory of
// the user.
std::string sim_state_directory(const std::string& directory);
Result<sgx::Platform> load_sim_platform(const std::string& directory);
// Makes the package one with another CPUSVN from the next start of an enclave on; its other fuses stay. Lower ones show
// what an outdated or revoked platform looks like.
Result<void> set_sim_cpusvn(const std::string& directory, std::span<const std::uint8_t, 16> cpusvn);
}  // namespace cloister::host
