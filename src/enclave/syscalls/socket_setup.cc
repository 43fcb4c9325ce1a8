// SPDX-License-Identifier: Apache-2.0
// socket, socketpair, bind, listen, accept, connect, shutdown.
#include "src/enclave/ipc/local_socket.h"
#include "src/enclave/net/host_socket.h"
#include "src/enclave/syscalls/net_handlers.h"
#include "src/enclave/syscalls/socket_files.h"

namespace cloister::syscalls {
namespace {
constexpr int kTypeMask = 0xf;
constexpr int kCreationFlags = SOCK_NONBLOCK | SOCK_CLOEXEC;

Result<net::SocketKind> socket_kind(int family, int type, int protocol) {
  if ((type & ~(kTypeMask | kCreationFlags)) != 0) return Error::from_errno(EINVAL);
  return net::SocketKind{family, type & kTypeMask, protocol};
}
}  // namespace

SysResult sys_socket(Task& task, int family, int type, int protocol) {
  const net::SocketKind kind = TRY(socket_kind(family, type, protocol));
  return install_file(task, TRY(net::HostSocket::create(kind, static_cast<std::uint32_t>(type & SOCK_NONBLOCK))), type);
}

SysResult sys_socketpair(Task& task, int family, int type, int protocol, ProgramAddress descriptors) {
  const net::SocketKind kind = TRY(socket_kind(family, type, protocol));
  if (family == AF_INET || family == AF_INET6) {
    // Linux makes the sockets before it finds that their family has no pairs.
    TRY(net::HostSocket::create(kind, 0));
    return Error::from_errno(EOPNOTSUPP);
  }
  if (family != AF_UNIX) return Error::from_errno(EAFNOSUPPORT);
  auto pair = TRY(ipc::LocalSocket::create_pair(task, kind, static_cast<std::uint32_t>(type & SOCK_NONBLOCK)));
  return install_pair(task, std::move(pair.first), std::move(pair.second), type, descriptors);
}

SysResult sys_bind(Task& task, int descriptor, ProgramAddress address, std::int32_t size) {
  const SocketRef socket = TRY(find_socket(task, descriptor));
  TRY(socket->bind(task, TRY(net::load_address(address, size))));
  return 0;
}

SysResult sys_listen(Task& task, int descriptor, int backlog) {
  TRY(TRY(find_socket(task, descriptor))->listen(backlog));
  return 0;
}

SysResult sys_accept4(Task& task, int descriptor, ProgramAddress address, ProgramAddress size, int flags) {
  if ((flags & ~kCreationFlags) != 0) return Error::from_errno(EINVAL);
  const SocketRef socket = TRY(find_socket(task, descriptor));
  net::AcceptedSocket accepted = TRY(socket->accept(task, flags & SOCK_NONBLOCK));
  if (!address.is_null()) TRY(net::store_address(accepted.peer, address, size));
  return install_file(task, std::move(accepted.socket), flags);
}

SysResult sys_accept(Task& task, int descriptor, ProgramAddress address, ProgramAddress size) {
  return sys_accept4(task, descriptor, address, size, 0);
}

SysResult sys_connect(Task& task, int descriptor, ProgramAddress address, std::int32_t size) {
  const SocketRef socket = TRY(find_socket(task, descriptor));
  TRY(socket->connect(task, TRY(net::load_address(address, size))));
  return 0;
}

SysResult sys_shutdown(Task& task, int descriptor, int how) {
  TRY(TRY(find_socket(task, descriptor))->shutdown(how));
  return 0;
}
}  // namespace cloister::syscalls
