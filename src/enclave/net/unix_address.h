// SPDX-License-Identifier: Apache-2.0
// Names of AF_UNIX sockets: paths of the program's namespace, of which only those on a host mount exist for the host,
// and abstract names, which are the host's. Both need the manifest's insecure_host_paths. Trusted, kernel storey.
#pragma once
#include "src/enclave/net/socket.h"

namespace cloister::net {

struct HostAddress {
  SocketAddress address;
  vfs::FileRef directory;  // what a long path is reached through; held while the address is used
  std::string path;        // on the host; empty: no path
};

// The address that the host shall see: AF_UNIX paths become absolute host paths; everything else stays as it is.
// EACCES for what lies in the enclave or is not allowed.
Result<HostAddress> to_host_address(Task& task, int family, const SocketAddress& address);
// As Linux shows a bound path: with one terminator counted.
SocketAddress counted_path(const SocketAddress& address);
}  // namespace cloister::net
