// SPDX-License-Identifier: Apache-2.0
// Any socket, as the socket calls see it: of the host (host_socket.h) or between tasks of the enclave (local_socket.h).
// Trusted, kernel storey. Errors are Linux's; calls that wait give core's restart codes when interrupted.
#pragma once
#include <sys/socket.h>
#include <span>
#include "src/enclave/net/socket_address.h"
#include "src/enclave/vfs/open_file.h"

namespace cloister::net {
using kernel::IoVector;
using kernel::Task;

struct SocketKind {
  int family = 0, type = 0, protocol = 0;  // type without SOCK_NONBLOCK and SOCK_CLOEXEC
};

struct OutgoingMessage {
  SocketAddress destination;  // size 0: none
  IoVector data;
  std::vector<std::uint8_t> control;  // as the program gave it
  int flags = 0;                      // MSG_*
};

struct IncomingMessage {
  IoVector data;
  std::size_t control_capacity = 0;
  int flags = 0;         // MSG_* of the call
  SocketAddress source;  // from here on filled by receive()
  std::vector<std::uint8_t> control;
  int result_flags = 0;  // msg_flags
};

struct AcceptedSocket {
  vfs::FileRef socket;
  SocketAddress peer;
};

class Socket : public vfs::OpenFile {
 public:
  explicit Socket(SocketKind kind_of_socket) : socket_kind_(kind_of_socket) {}

  virtual Result<void> bind(Task& task, const SocketAddress& address) = 0;
  virtual Result<void> listen(int backlog) = 0;
  virtual Result<AcceptedSocket> accept(Task& task, int flags) = 0;  // SOCK_NONBLOCK
  virtual Result<void> connect(Task& task, const SocketAddress& address) = 0;
  virtual Result<void> shutdown(int how) = 0;
  virtual Result<SocketAddress> local_address() = 0;
  virtual Result<SocketAddress> peer_address() = 0;
  virtual Result<void> set_option(int level, int name, std::span<const std::uint8_t> value) = 0;
  // At most `capacity` bytes of the option's value.
  virtual Result<std::vector<std::uint8_t>> option(Task& task, int level, int name, std::size_t capacity) = 0;
  // As sendmsg and recvmsg: EPIPE raises SIGPIPE unless MSG_NOSIGNAL; a blocking stream send continues until all is
  // sent.
  virtual Result<std::size_t> send(Task& task, const OutgoingMessage& message) = 0;
  virtual Result<std::size_t> receive(Task& task, IncomingMessage& message) = 0;

  Result<std::size_t> read(Task& task, const IoVector& to) override;
  Result<std::size_t> write(Task& task, const IoVector& from) override;
  Result<struct stat> status() override;
  bool is_socket() const override { return true; }

  const SocketKind& socket_kind() const { return socket_kind_; }
  bool is_stream() const { return socket_kind_.type == SOCK_STREAM; }

 private:
  const SocketKind socket_kind_;
};

// What setsockopt may pass and getsockopt may ask for (socket_options.cc).
struct SocketOption {
  int level, name;
  std::uint16_t size;  // bytes at most
  bool can_set;
};
// Can sockets of this kind have options of `level` at all? Where not, Linux says EOPNOTSUPP to who asks for one.
bool has_option_level(const SocketKind& kind, int level);
// Null: unknown to us, ENOPROTOOPT. Whatever takes descriptors, pointers or filters is unknown on purpose.
const SocketOption* find_socket_option(int level, int name);
}  // namespace cloister::net
