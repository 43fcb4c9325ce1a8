// SPDX-License-Identifier: Apache-2.0
// The simulated package's fuses: made at first use, kept in a directory. Who reads them can forge everything simulated.
#pragma once
#include <string>
#include "src/base/result.h"
#include "src/sgx/keys.h"

namespace cloister::host {
// `directory` if given, else $CLOISTER_SIM_DIR, else /var/lib/cloister/sim where it can be used, else a directory of
// the user.
std::string sim_state_directory(const std::string& directory);
Result<sgx::Platform> load_sim_platform(const std::string& directory);
}  // namespace cloister::host
