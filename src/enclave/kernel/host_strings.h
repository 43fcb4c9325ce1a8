// SPDX-License-Identifier: Apache-2.0
// The strings that the host part passed at the start. Trusted, kernel storey; what they say is the host's, and counts
// only where the manifest lets it or where it is a hint that cannot do harm.
#pragma once
#include <string>
#include <string_view>
#include <vector>
#include "src/boundary/host_block.h"
#include "src/enclave/vfs/host_locations.h"

namespace cloister::kernel {
struct HostStrings {
  std::string directory;
  std::vector<std::string> arguments, environment;
  std::vector<vfs::HostLocation> locations;
  std::vector<std::string> settings;  // NAME=VALUE
};
// `strings` are StartParameters' strings, copied in; the counts are only limits.
HostStrings read_host_strings(const StartParameters& host, const char* strings);
// The value of the host part's setting `name`; empty when it has none. docs/host-interface.md has the names.
std::string host_setting(std::string_view name);
}  // namespace cloister::kernel
