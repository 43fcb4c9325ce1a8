// SPDX-License-Identifier: Apache-2.0
// Where on the host the files below a path of the enclave lie, when not at the same path. Trusted, kernel storey.
//
// The host chooses these places at launch and they are not measured: it decides what a host path leads to in any case,
// and a measured file is judged by its bytes.
#pragma once
#include <optional>
#include <string>
#include <vector>

namespace cloister::vfs {
struct HostLocation {
  std::string inside;  // absolute; it and all below it lie at `outside`
  std::string outside;
};
// Once, before the first file is opened.
void set_host_locations(std::vector<HostLocation> locations);
// Where the host has `path`, or nothing: at the same path. Of several locations the longest decides.
std::optional<std::string> located_elsewhere(const std::string& path);
}  // namespace cloister::vfs
