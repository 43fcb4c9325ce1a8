// SPDX-License-Identifier: Apache-2.0
// A socket of the host. Trusted, kernel storey. What it is (family, type, protocol) is our own knowledge; names of
// AF_UNIX sockets are kept as the program gave them, since the host knows them by another path. The core's fast path
// serves the simple transfers on the same host descriptor, whose O_NONBLOCK therefore mirrors ours.
#pragma once
#include <atomic>
#include <mutex>
#include <optional>
#include "src/enclave/net/socket.h"

namespace cloister::net {

class HostSocket final : public Socket {
 public:
  static Result<vfs::FileRef> create(SocketKind kind, std::uint32_t flags);

  Result<void> bind(Task& task, const SocketAddress& address) override;
  Result<void> listen(int backlog) override;
  Result<AcceptedSocket> accept(Task& task, int flags) override;
  Result<void> connect(Task& task, const SocketAddress& address) override;
  Result<void> shutdown(int how) override;
  Result<SocketAddress> local_address() override;
  Result<SocketAddress> peer_address() override;
  Result<void> set_option(int level, int name, std::span<const std::uint8_t> value) override;
  Result<std::vector<std::uint8_t>> option(Task& task, int level, int name, std::size_t capacity) override;
  Result<std::size_t> write(Task& task, const kernel::IoVector& from) override;
  Result<std::size_t> send(Task& task, const OutgoingMessage& message) override;
  Result<std::size_t> receive(Task& task, IncomingMessage& message) override;

  std::optional<Result<std::size_t>> send_file(Task& task, vfs::OpenFile& from, std::optional<std::uint64_t> offset,
                                               std::size_t size) override;
  Result<std::int64_t> control(Task& task, std::uint32_t request, ProgramAddress argument) override;
  Result<void> set_status_flags(std::uint32_t flags) override;
  std::uint32_t readiness() override;
  void allow_receive_ahead(bool by_edge) override;
  void forbid_receive_ahead() override;
  void allow_write_behind() override;
  void process_ends() override;
  void last_close() override;

 private:
  // Takes over the host descriptor, which is noted as ours already.
  HostSocket(int host_descriptor, SocketKind kind, std::uint32_t flags);

  std::uint64_t host() const { return static_cast<std::uint64_t>(host_descriptor); }
  Result<std::size_t> receive_from_host(IncomingMessage& message);
  std::optional<Result<std::size_t>> receive_prefetched(IncomingMessage& message);
  std::uint32_t count_prefetched();
  bool has_prefetched_error() const;
  int take_prefetched_error();
  int take_noted_error();
  void reset_if_unread();
  void forget_prefetched();
  void end_receive_ahead();
  void forbid_write_behind();
  void finish_write_behind();
  void end_write_behind();
  bool is_tcp() const;
  bool is_broken();
  Result<std::int64_t> waited(long host_result, bool has_time_out) const;
  // What waits has gone out, or goes with it.
  Result<std::size_t> send_now(Task& task, const OutgoingMessage& asked);
  Result<std::size_t> send_part(const OutgoingMessage& message, std::size_t done, std::size_t part, int flags);
  Error failed_send(Task& task, Error error, bool signals);
  Result<SocketAddress> ask_address(HostCall call);
  SocketAddress known_address(const SocketAddress& which);
  void know_address(SocketAddress& which, const SocketAddress& address);
  void note_time_out(int name, std::span<const std::uint8_t> value);
  bool corks_itself(std::span<const std::uint8_t> value);
  bool is_corked() const;
  void note_cork(std::span<const std::uint8_t> value);

  // A time-out makes an interrupted wait end with EINTR instead of a restart, as Linux does.
  std::atomic<bool> has_receive_time_out_{false}, has_send_time_out_{false};
  std::atomic<bool> is_ahead_forbidden_{false};   // its options or its watchers could tell
  std::atomic<bool> is_behind_forbidden_{false};  // its options could tell
  std::atomic<bool> is_host_corked_{false};       // TCP_CORK, as far as the host knows
  std::mutex names_mutex_;
  SocketAddress local_name_, peer_name_;  // AF_UNIX: as the program knows them; size 0: ask the host
};
}  // namespace cloister::net
