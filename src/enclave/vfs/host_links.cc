// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/vfs/host_links.h"
#include <algorithm>
#include <array>
#include "src/enclave/vfs/host_calls.h"
#include "src/enclave/vfs/host_paths.h"

namespace cloister::vfs {
namespace {
constexpr int kMostLinks = 40;  // as Linux

// Host may: name other devices; then its files are taken for what they say, as any below an insecure host path.
std::uint64_t device_of(const char* path) {
  const auto status = host_path_status(path, 0);
  return status.ok() ? status.value().st_dev : 0;
}
}  // namespace

bool is_synthesised_on_host(OpenFile& file) {
  static const std::array<std::uint64_t, 2> devices = {device_of("/proc"), device_of("/sys")};
  const auto identity = file.identity();
  return identity.ok() && identity.value().device != 0 &&
         std::find(devices.begin(), devices.end(), identity.value().device) != devices.end();
}

Result<std::optional<std::string>> follow_into(const std::vector<std::string>& mounts, const std::string& path) {
  std::string done, rest = path;
  for (int links = 0; !rest.empty();) {
    const std::size_t begin = rest.find_first_not_of('/');
    if (begin == std::string::npos) break;
    const std::size_t end = std::min(rest.find('/', begin), rest.size());
    const std::string name = rest.substr(begin, end - begin);
    rest.erase(0, end);
    if (name == ".") continue;
    if (name == "..") {
      done.resize(done.empty() ? 0 : done.rfind('/'));
      continue;
    }
    const std::string here = done + "/" + name;
    if (std::find(mounts.begin(), mounts.end(), here) != mounts.end()) return std::optional(here + rest);
    const auto target = read_host_link(here);
    if (!target.ok()) {
      done = here;
      continue;
    }
    if (++links > kMostLinks) return refuse(ELOOP);
    rest = target.value() + rest;
    if (target.value().front() == '/') done.clear();
  }
  return std::optional<std::string>();
}
}  // namespace cloister::vfs
