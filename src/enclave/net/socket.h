// SPDX-License-Identifier: Apache-2.0
// A socket of the host. Trusted, kernel storey. What it is (family, type, protocol) is our own knowledge; names of AF_UNIX
// sockets are kept as the program gave them, since the host knows them by another path.
#pragma once
#include <atomic>
#include <mutex>
#include "src/enclave/net/socket_address.h"
#include "src/enclave/vfs/open_file.h"

namespace cloister::net {
using kernel::IoVector;
using kernel::Task;

struct SocketKind {
  int family = 0, type = 0, protocol = 0;  // type without SOCK_NONBLOCK and SOCK_CLOEXEC
};

struct OutgoingMessage {
  SocketAddress destination;           // in the host's terms; size 0: none
  IoVector data;
  std::vector<std::uint8_t> control;   // checked (message_control.h)
  int flags = 0;                       // MSG_*
};

struct IncomingMessage {
  IoVector data;
  std::size_t control_capacity = 0;
  int flags = 0;                       // MSG_* of the call
  SocketAddress source;                // from here on filled by receive()
  std::vector<std::uint8_t> control;
  int result_flags = 0;                // msg_flags
};

class Socket final : public vfs::OpenFile {
 public:
  // Takes over the host descriptor, which is noted as ours already.
  Socket(int host_descriptor, SocketKind kind, std::uint32_t flags);

  Result<std::size_t> read(Task& task, const IoVector& to) override;
  Result<std::size_t> write(Task& task, const IoVector& from) override;
  Result<struct stat> status() override;
  Result<std::int64_t> control(Task& task, std::uint32_t request, ProgramAddress argument) override;
  Result<void> set_status_flags(std::uint32_t flags) override;
  std::uint32_t readiness() override;
  bool is_socket() const override { return true; }
  void last_close() override;

  // As sendmsg and recvmsg: EPIPE raises SIGPIPE unless MSG_NOSIGNAL; a blocking stream send continues until all is sent.
  Result<std::size_t> send(Task& task, const OutgoingMessage& message);
  Result<std::size_t> receive(Task& task, IncomingMessage& message);

  const SocketKind& socket_kind() const { return socket_kind_; }
  bool is_stream() const { return socket_kind_.type == 1; }
  std::uint64_t host() const { return static_cast<std::uint64_t>(host_descriptor); }

  // A time-out makes an interrupted wait end with EINTR instead of a restart, as Linux does; the fast path knows none of this.
  void note_time_out(bool receiving, bool set);

  SocketAddress local_name();
  SocketAddress peer_name();
  void set_local_name(const SocketAddress& address);
  void set_peer_name(const SocketAddress& address);

 private:
  Result<std::int64_t> waited(long host_result, bool has_time_out) const;
  Result<std::size_t> send_part(const OutgoingMessage& message, std::size_t done, std::size_t part, int flags);

  const SocketKind socket_kind_;
  std::atomic<bool> has_receive_time_out_{false}, has_send_time_out_{false};
  std::mutex names_mutex_;
  SocketAddress local_name_, peer_name_;  // AF_UNIX: as the program knows them; size 0: ask the host
};
}  // namespace cloister::net
