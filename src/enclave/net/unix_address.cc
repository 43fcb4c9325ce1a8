// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/net/unix_address.h"
#include <fcntl.h>
#include <sys/un.h>
#include <algorithm>
#include <cstring>
#include "src/enclave/kernel/task.h"
#include "src/enclave/vfs/host_open.h"
#include "src/enclave/vfs/namespace.h"

namespace cloister::net {
namespace {
constexpr std::size_t kPathOffset = offsetof(sockaddr_un, sun_path);
constexpr std::size_t kPathCapacity = sizeof(sockaddr_un) - kPathOffset;

const char* path_bytes(const SocketAddress& address) {
  return reinterpret_cast<const char*>(&address.storage) + kPathOffset;
}
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

bool has_host_root(Task& task) {
  const auto& allowed = task.process.manifest->insecure_host_paths;
  return std::find(allowed.begin(), allowed.end(), "/") != allowed.end();
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
    if (!has_host_root(task)) return Error::from_errno(EACCES, "abstract names are the host's");
    return host;
  }
  std::string base;
  {
    const std::lock_guard guard(task.process.mutex);
    base = task.process.working_directory;
  }
  host.path = TRY(task.process.files->host_path(task, base, path_of(address)));
  if (host.path.size() < kPathCapacity) {
    host.address = path_address(host.path);
    return host;
  }
  // The absolute path has no room in the address; its directory is opened and named by number.
  const std::size_t slash = host.path.rfind('/');
  host.directory =
      TRY(vfs::open_host_path(slash == 0 ? "/" : host.path.substr(0, slash), O_PATH | O_DIRECTORY | O_CLOEXEC, 0));
  const std::string short_path =
      "/proc/self/fd/" + std::to_string(host.directory->host_descriptor) + host.path.substr(slash);
  if (short_path.size() >= kPathCapacity) return Error::from_errno(ENAMETOOLONG);
  host.address = path_address(short_path);
  return host;
}
}  // namespace cloister::net
