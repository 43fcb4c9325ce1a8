// SPDX-License-Identifier: Apache-2.0
// Socket addresses: from the program to the host, and from the host (checked: family and length) to the program.
// Trusted.
#pragma once
#include <sys/socket.h>
#include <cstdint>
#include "src/base/result.h"
#include "src/boundary/host_call_table.h"
#include "src/enclave/kernel/program_memory.h"

namespace cloister::net {
using kernel::ProgramAddress;

struct SocketAddress {
  sockaddr_storage storage{};
  std::uint32_t size = 0;  // bytes used; 0: no address

  sa_family_t family() const { return size >= sizeof(sa_family_t) ? storage.ss_family : sa_family_t{AF_UNSPEC}; }
};

// From the program: EINVAL for a size above 128 bytes or negative, EFAULT.
Result<SocketAddress> load_address(ProgramAddress address, std::int32_t size);
// To the program as accept, getsockname, recvfrom do it: at most the *size_address bytes that it offers, then the true
// size. EINVAL when it offers a negative size. Nothing beyond the address itself is written (S-11).
Result<void> store_address(const SocketAddress& address, ProgramAddress to, ProgramAddress size_address);

// In the host's memory an address takes its 128 bytes at `host`, its size a word of its own.
inline constexpr std::uint64_t kHostAddressSize = sizeof(sockaddr_storage);
void put_address(const SocketAddress& address, core::HostAddress host);
// What the host left, for a socket of `family`: AF_INET and AF_INET6 have their exact sizes and family, AF_UNIX at most
// 110 bytes. Host may: claim any size or family; what is not of the socket's family stops the enclave. A zero size is
// "no address".
SocketAddress take_address(HostCall call, core::HostAddress host, core::Untrusted<std::uint32_t> claimed_size,
                           int family);
}  // namespace cloister::net
