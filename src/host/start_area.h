// SPDX-License-Identifier: Apache-2.0
// What the host tells the enclave at its first entry: CPUID answers, clock, arguments. Untrusted.
#pragma once
#include <string>
#include <utility>
#include <vector>
#include "src/host/host_thread.h"

namespace cloister::host {
struct StartInput {
  std::vector<std::string> arguments, environment;
  std::vector<std::string> settings;  // NAME=VALUE for the runtime
  std::string working_directory;
  std::vector<std::pair<std::string, std::string>> locations;  // of a path inside, on the host
  std::uint64_t flags = 0;                                     // HostFlags of host_block.h
};
StartArea make_start_area(const StartInput& input);

// The clock that the enclave reads: a page of TimeParameters, kept up to date by a thread of its own.
std::uint64_t start_time_publisher();
}  // namespace cloister::host
