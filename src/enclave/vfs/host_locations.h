// SPDX-License-Identifier: Apache-2.0
// Where on the host the files below a path of the enclave lie, when not at the same path. Trusted, kernel storey.
//
// The host chooses these places at launch and they are not measured: it decides what a host path leads to in any case,
// and a measured file is judged by its bytes.
#pragma once
#include <string>
#include <vector>

namespace cloister::vfs {
struct HostLocation {
  std::string inside;  // absolute; it and all below it lie at `outside`
  std::string outside;
};
// Once, before the first file is opened.
void set_host_locations(std::vector<HostLocation> locations);
// What to ask the host for: `path` where no location holds it; of several the longest decides.
std::string located_on_host(const std::string& path);
}  // namespace cloister::vfs
