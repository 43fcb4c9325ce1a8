// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/net/unix_address.h"
#include <fcntl.h>
#include <sys/un.h>
#include <algorithm>
#include <cstring>
#include "src/enclave/kernel/task.h"
#include "src/enclave/vfs/host_open.h"

namespace cloister::net {
namespace {
constexpr std::size_t kPathOffset = offsetof(sockaddr_un, sun_path);
constexpr std::size_t kPathCapacity = sizeof(sockaddr_un) - kPathOffset;

const char* path_bytes(const SocketAddress& address) { return reinterpret_cast<const char*>(&address.storage) + kPathOffset; }
bool is_abstract(const SocketAddress& address) { return *path_bytes(address) == '\0'; }
std::string path_of(const SocketAddress& address) {
  const char* const bytes = path_bytes(address);
  return std::string(bytes, strnlen(bytes, address.size - kPathOffset));
}

SocketAddress path_address(const std::string& path) {
  SocketAddress address;
  address.storage.ss_family = AF_UNIX;
  std::memcpy(reinterpret_cast<char*>(&address.storage) + kPathOffset, path.c_str(), path.size() + 1);
  address.size = static_cast<std::uint32_t>(kPathOffset + path.size() + 1);
  return address;
}

// Absolute and without "." and "..", so that it cannot lead out of the host path that allows it.
std::string absolute_path(Task& task, const std::string& path) {
  std::string joined = path;
  if (path.front() != '/') {
    const std::lock_guard guard(task.process.mutex);
    joined = task.process.working_directory + "/" + path;
  }
  std::vector<std::string> parts;
  for (std::size_t at = 0; at < joined.size();) {
    const std::size_t end = std::min(joined.find('/', at), joined.size());
    std::string part = joined.substr(at, end - at);
    at = end + 1;
    if (part == ".." && !parts.empty()) parts.pop_back();
    if (!part.empty() && part != "." && part != "..") parts.push_back(std::move(part));
  }
  std::string result;
  for (const std::string& part : parts) result += "/" + part;
  return result.empty() ? "/" : result;
}

bool is_below(const std::string& path, const std::string& directory) {
  if (directory == "/") return true;
  return path.starts_with(directory) && (path.size() == directory.size() || path[directory.size()] == '/');
}

bool is_host_path(Task& task, const std::string& path) {
  const auto& allowed = task.process.manifest->insecure_host_paths;
  return std::any_of(allowed.begin(), allowed.end(), [&](const std::string& directory) { return is_below(path, directory); });
}
}  // namespace

SocketAddress counted_path(const SocketAddress& address) {
  if (address.size <= kPathOffset || is_abstract(address)) return address;
  SocketAddress counted = address;
  const std::size_t length = path_of(address).size();
  counted.size = static_cast<std::uint32_t>(kPathOffset + length + 1);
  reinterpret_cast<char*>(&counted.storage)[kPathOffset + length] = '\0';
  return counted;
}

Result<HostAddress> to_host_address(Task& task, int family, const SocketAddress& address) {
  HostAddress host{address, {}, {}};
  if (family != AF_UNIX || address.family() != AF_UNIX || address.size <= kPathOffset) return host;
  if (address.size > sizeof(sockaddr_un)) return Error::from_errno(EINVAL);
  if (is_abstract(address)) {
    if (!is_host_path(task, "/")) return Error::from_errno(EACCES, "abstract names are the host's");
    return host;
  }
  host.path = absolute_path(task, path_of(address));
  if (!is_host_path(task, host.path)) return Error::from_errno(EACCES, "no insecure host path");
  if (host.path.size() < kPathCapacity) {
    host.address = path_address(host.path);
    return host;
  }
  // The absolute path has no room in the address; its directory is opened and named by number.
  const std::size_t slash = host.path.rfind('/');
  host.directory = TRY(vfs::open_host_path(slash == 0 ? "/" : host.path.substr(0, slash), O_PATH | O_DIRECTORY | O_CLOEXEC, 0));
  const std::string short_path =
      "/proc/self/fd/" + std::to_string(host.directory->host_descriptor) + host.path.substr(slash);
  if (short_path.size() >= kPathCapacity) return Error::from_errno(ENAMETOOLONG);
  host.address = path_address(short_path);
  return host;
}
}  // namespace cloister::net
