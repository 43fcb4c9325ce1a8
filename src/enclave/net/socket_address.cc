// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/net/socket_address.h"
#include <netinet/in.h>
#include <sys/un.h>
#include <algorithm>
#include <cstring>
#include "src/boundary/rules.h"
#include "src/enclave/core/host_call.h"

namespace cloister::net {
namespace {
bool is_honest_size(int family, std::uint64_t size) {
  switch (family) {
    case AF_INET: return size == sizeof(sockaddr_in);
    case AF_INET6: return size == sizeof(sockaddr_in6);
    case AF_UNIX:
      return size >= sizeof(sa_family_t) && size <= sizeof(sockaddr_un) + 1;  // Linux counts a terminator of its own
    default: return false;
  }
}
}  // namespace

Result<SocketAddress> load_address(ProgramAddress from, std::int32_t size) {
  SocketAddress address;
  if (size < 0 || static_cast<std::size_t>(size) > sizeof address.storage) return Error::from_errno(EINVAL);
  address.size = static_cast<std::uint32_t>(size);
  if (size > 0) TRY(from.read(&address.storage, address.size));
  return address;
}

Result<void> store_address(const SocketAddress& address, ProgramAddress to, ProgramAddress size_address) {
  const auto offered = TRY(size_address.load<std::int32_t>());
  if (offered < 0) return Error::from_errno(EINVAL);
  const std::uint32_t part = std::min(static_cast<std::uint32_t>(offered), address.size);
  if (part > 0) TRY(to.write(&address.storage, part));
  return size_address.store(static_cast<std::int32_t>(address.size));
}

void put_address(const SocketAddress& address, core::HostAddress host) {
  core::copy_to_host(host, &address.storage, (address.size + 7) & ~7u);
}

SocketAddress take_address(HostCall call, core::HostAddress host, core::Untrusted<std::uint32_t> claimed_size,
                           int family) {
  SocketAddress address;
  const std::uint32_t size = claimed_size.unverified_because("is_honest_size judges it");
  if (size == 0) return address;
  if (CLOISTER_KEEPS(S_11) && !is_honest_size(family, size)) core::host_lied(call, "size of a socket address");
  core::copy_from_host(&address.storage, host, std::min<std::uint64_t>(size, sizeof address.storage));
  if (address.storage.ss_family != family) core::host_lied(call, "family of a socket address");
  address.size = static_cast<std::uint32_t>(size);
  return address;
}
}  // namespace cloister::net
