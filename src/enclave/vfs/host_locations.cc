// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/vfs/host_locations.h"
#include <utility>
#include "src/base/path.h"

namespace cloister::vfs {
namespace {
// What the host part of this enclave said: no process owns it.
std::vector<HostLocation>& locations() {
  static std::vector<HostLocation> all;
  return all;
}
}  // namespace

void set_host_locations(std::vector<HostLocation> given) {
  for (HostLocation& location : given)
    if (location.inside == "/") location.inside.clear();
  locations() = std::move(given);
}

std::optional<std::string> located_elsewhere(const std::string& path) {
  const HostLocation* best = nullptr;
  for (const HostLocation& location : locations())
    if (is_at_or_below(path, location.inside) && (best == nullptr || location.inside.size() > best->inside.size()))
      best = &location;
  if (best == nullptr) return std::nullopt;
  return best->outside + path.substr(best->inside.size());
}
}  // namespace cloister::vfs
