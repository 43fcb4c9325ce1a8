// SPDX-License-Identifier: Apache-2.0
// One end of a socketpair(AF_UNIX). It never leaves the enclave, and descriptors of any kind may be passed through it.
// Trusted, kernel storey.
#pragma once
#include <atomic>
#include <memory>
#include <utility>
#include "src/enclave/ipc/local_channel.h"
#include "src/enclave/net/socket.h"

namespace cloister::ipc {
using kernel::IoVector;
using kernel::ProgramAddress;
using kernel::Task;
using net::SocketAddress;

class LocalSocket final : public net::Socket {
 public:
  // SOCK_STREAM, SOCK_DGRAM or SOCK_SEQPACKET; ESOCKTNOSUPPORT, EPROTONOSUPPORT.
  static Result<std::pair<vfs::FileRef, vfs::FileRef>> create_pair(Task& task, net::SocketKind kind,
                                                                   std::uint32_t flags);

  Result<void> bind(Task&, const SocketAddress&) override { return Error::from_errno(EINVAL); }
  Result<void> listen(int) override { return Error::from_errno(is_datagram() ? EOPNOTSUPP : EINVAL); }
  Result<net::AcceptedSocket> accept(Task&, int) override {
    return Error::from_errno(is_datagram() ? EOPNOTSUPP : EINVAL);
  }
  Result<void> connect(Task&, const SocketAddress&) override { return Error::from_errno(EISCONN); }
  Result<void> shutdown(int how) override;
  Result<SocketAddress> local_address() override;
  Result<SocketAddress> peer_address() override { return local_address(); }
  Result<void> set_option(int level, int name, std::span<const std::uint8_t> value) override;
  Result<std::vector<std::uint8_t>> option(Task& task, int level, int name, std::size_t capacity) override;
  Result<std::size_t> send(Task& task, const net::OutgoingMessage& message) override;
  Result<std::size_t> receive(Task& task, net::IncomingMessage& message) override;

  Result<std::int64_t> control(Task& task, std::uint32_t request, ProgramAddress argument) override;
  std::uint32_t readiness() override;
  kernel::WaitQueue* wait_queue() override { return &pair_->queues[end_]; }
  void last_close() override;

 private:
  LocalSocket(std::shared_ptr<LocalPair> pair, std::size_t end, net::SocketKind kind, std::uint32_t flags);

  bool is_datagram() const { return socket_kind().type == SOCK_DGRAM; }
  LocalChannel& incoming() const { return pair_->to[end_]; }
  LocalChannel& outgoing() const { return pair_->to[1 - end_]; }
  void wake_peer() { pair_->queues[1 - end_].wake_all(); }
  std::uint64_t deadline_of(const std::atomic<std::uint64_t>& time_out) const;

  Result<void> check_can_send();  // pair_->mutex held
  Result<std::size_t> send_packet(const net::OutgoingMessage& message, std::size_t offset, std::size_t size,
                                  std::vector<vfs::FileRef>& files);
  Result<std::size_t> read_stream(net::IncomingMessage& message, std::size_t offset, std::vector<vfs::FileRef>& files);
  Result<std::size_t> read_packet(net::IncomingMessage& message, std::vector<vfs::FileRef>& files);
  struct Look {
    Packet* packet;  // stays while the end's reader mutex is held
    bool ended;
  };
  Result<Look> look(std::size_t index);
  void consume(Packet& packet, std::size_t size);

  const std::shared_ptr<LocalPair> pair_;
  const std::size_t end_;
  std::atomic<std::uint64_t> receive_time_out_{0}, send_time_out_{0};  // ns; 0: none
  std::atomic<bool> passes_credentials_{false};
};
}  // namespace cloister::ipc
