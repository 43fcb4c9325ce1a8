// SPDX-License-Identifier: Apache-2.0
// Sending and receiving within a socket pair.
#include <sys/socket.h>
#include <algorithm>
#include "src/enclave/ipc/blocking.h"
#include "src/enclave/ipc/local_rights.h"
#include "src/enclave/ipc/local_socket.h"
#include "src/enclave/kernel/signals.h"
#include "src/enclave/kernel/task.h"

namespace cloister::ipc {
namespace {
constexpr std::size_t kStreamPart = 32 << 10;

Blocking blocking_of_call(const LocalSocket& socket, int flags) {
  return (flags & MSG_DONTWAIT) != 0 ? Blocking::forbidden : blocking_of(socket);
}
}  // namespace

Result<void> LocalSocket::check_can_send() {
  if (outgoing().sender_ended) return Error::from_errno(EPIPE);
  if (is_datagram() && pair_->closed[1 - end_]) return Error::from_errno(ECONNREFUSED);
  return outgoing().receiver_ended ? Error::from_errno(EPIPE) : Result<void>();
}

// There is room as long as the limit is not reached, so one packet may exceed it: Linux accounts so, too.
Result<std::size_t> LocalSocket::send_packet(const net::OutgoingMessage& message, std::size_t offset, std::size_t size,
                                             std::vector<vfs::FileRef>& files) {
  const auto attempt = [&]() -> Result<std::size_t> {
    {
      const std::lock_guard guard(pair_->mutex);
      TRY(check_can_send());
      if (outgoing().size >= LocalChannel::kCapacity) return Error::from_errno(EAGAIN);
    }
    Packet packet;
    packet.bytes.resize(size);
    TRY(message.data.fetch(offset, packet.bytes.data(), size));
    const std::lock_guard guard(pair_->mutex);
    TRY(check_can_send());
    packet.files = std::move(files);
    outgoing().size += size;
    outgoing().packets.push_back(std::move(packet));
    return size;
  };
  auto result = wait_or_give_up(pair_->queues[end_], blocking_of_call(*this, message.flags),
                                deadline_of(send_time_out_), attempt);
  if (result.ok()) wake_peer();
  return result;
}

Result<std::size_t> LocalSocket::send(Task& task, const net::OutgoingMessage& message) {
  if ((message.flags & MSG_OOB) != 0) return Error::from_errno(EOPNOTSUPP);
  if (message.destination.size > 0 && socket_kind().type != SOCK_SEQPACKET)
    return Error::from_errno(is_stream() ? EISCONN : ECONNREFUSED);
  std::vector<vfs::FileRef> files = TRY(files_of_control(task, message.control));
  const std::size_t size = message.data.size();
  if (!is_stream()) {
    if (size > LocalChannel::kCapacity) return Error::from_errno(EMSGSIZE);
    return send_packet(message, 0, size, files);
  }
  std::size_t done = 0;
  while (done < size) {
    auto sent = send_packet(message, done, std::min(size - done, kStreamPart), files);
    if (!sent.ok()) {
      if (done > 0) return done;
      if (sent.error().errno_value() == EPIPE && (message.flags & MSG_NOSIGNAL) == 0)
        kernel::raise_signal(task, SIGPIPE);
      return sent;
    }
    done += sent.value();
  }
  return done;
}

// The packet at `index`, or that there will be none any more. EAGAIN: not now. ECONNRESET is told once.
Result<LocalSocket::Look> LocalSocket::look(std::size_t index) {
  const std::lock_guard guard(pair_->mutex);
  if (index < incoming().packets.size()) return Look{&incoming().packets[index], false};
  if (index == 0 && std::exchange(pair_->reset[end_], false)) return Error::from_errno(ECONNRESET);
  if (incoming().sender_ended || incoming().receiver_ended) return Look{nullptr, true};
  return Error::from_errno(EAGAIN);
}

void LocalSocket::consume(Packet& packet, std::size_t size) {
  const std::lock_guard guard(pair_->mutex);
  packet.taken += size;
  incoming().size -= size;
  if (packet.left() == 0) incoming().packets.pop_front();
}

// Bytes of several packets together, but not beyond one that files came with.
Result<std::size_t> LocalSocket::read_stream(net::IncomingMessage& message, std::size_t offset,
                                             std::vector<vfs::FileRef>& files) {
  const std::lock_guard reader(pair_->readers[end_]);
  const bool peek = (message.flags & MSG_PEEK) != 0;
  const std::size_t limit = message.data.size() - offset;
  std::size_t got = 0;
  for (std::size_t index = 0; got < limit || limit == 0;) {
    const auto looked = look(index);
    if (!looked.ok()) return got > 0 ? Result<std::size_t>(got) : Result<std::size_t>(looked.error());
    if (looked.value().ended) break;
    Packet& packet = *looked.value().packet;
    const bool has_files = !packet.files.empty();
    if (limit == 0 || (has_files && got > 0)) break;
    const std::size_t part = std::min(packet.left(), limit - got);
    const auto filled = message.data.fill(offset + got, packet.bytes.data() + packet.taken, part);
    if (!filled.ok()) return got > 0 ? Result<std::size_t>(got) : Result<std::size_t>(filled.error());
    got += part;
    if (has_files) files = peek ? packet.files : std::exchange(packet.files, {});
    if (peek)
      ++index;
    else
      consume(packet, part);
    if (has_files) break;
  }
  return got;
}

Result<std::size_t> LocalSocket::read_packet(net::IncomingMessage& message, std::vector<vfs::FileRef>& files) {
  const std::lock_guard reader(pair_->readers[end_]);
  const auto looked = TRY(look(0));
  if (looked.ended) return std::size_t{0};
  Packet& packet = *looked.packet;
  const std::size_t size = packet.left(), part = std::min(size, message.data.size());
  const auto filled = message.data.fill(0, packet.bytes.data(), part);
  if (!filled.ok()) {  // then it is lost
    if ((message.flags & MSG_PEEK) == 0) consume(packet, size);
    return filled.error();
  }
  if (part < size) message.result_flags |= MSG_TRUNC;
  const bool peek = (message.flags & MSG_PEEK) != 0;
  files = peek ? packet.files : std::exchange(packet.files, {});
  if (!peek) consume(packet, size);
  return (message.flags & MSG_TRUNC) != 0 ? size : part;
}

Result<std::size_t> LocalSocket::receive(Task& task, net::IncomingMessage& message) {
  if ((message.flags & MSG_OOB) != 0) return Error::from_errno(is_stream() ? EINVAL : EOPNOTSUPP);
  const Blocking blocking = blocking_of_call(*this, message.flags);
  const std::uint64_t give_up_at = deadline_of(receive_time_out_);
  std::vector<vfs::FileRef> files;
  std::size_t done = 0;
  do {
    auto got = wait_or_give_up(pair_->queues[end_], blocking, give_up_at, [&] {
      return is_stream() ? read_stream(message, done, files) : read_packet(message, files);
    });
    if (!got.ok()) {
      if (done > 0) break;
      return got;
    }
    if (got.value() > 0) wake_peer();
    done += got.value();
    if (got.value() == 0 || !files.empty()) break;
  } while ((message.flags & (MSG_WAITALL | MSG_PEEK)) == MSG_WAITALL && is_stream() && done < message.data.size());
  if (passes_credentials_ && done > 0) add_credentials(task, message);
  add_rights(task, std::move(files), message);
  return done;
}
}  // namespace cloister::ipc
