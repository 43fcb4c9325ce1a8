// SPDX-License-Identifier: Apache-2.0
// From a configuration and the host's words to what the program sees. Trusted, kernel storey; pure.
//
// The host's words come last and verbatim, each within the one argument or variable that names it: nothing in the
// result is looked at again.
#pragma once
#include <string>
#include <vector>
#include "src/base/result.h"
#include "src/release/configuration.h"

namespace cloister::configure {
struct HostWords {
  std::vector<std::string> arguments;    // argv, the program's name first
  std::vector<std::string> environment;  // NAME=VALUE
};
// EINVAL when the host has given too few arguments; *missing is then the first position that it lacks.
Result<std::vector<std::string>> fill_arguments(const release::Configuration& configuration, const HostWords& host,
                                                std::uint32_t* missing);
std::vector<std::string> fill_environment(const release::Configuration& configuration, const HostWords& host);
}  // namespace cloister::configure
