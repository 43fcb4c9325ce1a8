// SPDX-License-Identifier: Apache-2.0
// Ends of a socket pair: made, shut down, closed, asked.
#include "src/enclave/ipc/local_socket.h"
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <algorithm>
#include <cstring>
#include "src/enclave/kernel/task.h"
#include "src/enclave/kernel/time_values.h"

namespace cloister::ipc {
namespace {
std::vector<std::uint8_t> bytes_of(const void* value, std::size_t size, std::size_t capacity) {
  const auto* const bytes = static_cast<const std::uint8_t*>(value);
  return std::vector<std::uint8_t>(bytes, bytes + std::min(size, capacity));
}
}  // namespace

Result<std::pair<vfs::FileRef, vfs::FileRef>> LocalSocket::create_pair(Task&, net::SocketKind of_kind,
                                                                       std::uint32_t flags) {
  if (of_kind.type != SOCK_STREAM && of_kind.type != SOCK_DGRAM && of_kind.type != SOCK_SEQPACKET)
    return Error::from_errno(ESOCKTNOSUPPORT);
  if (of_kind.protocol != 0 && of_kind.protocol != AF_UNIX) return Error::from_errno(EPROTONOSUPPORT);
  of_kind.protocol = 0;
  const auto pair = std::make_shared<LocalPair>();
  return std::pair(vfs::FileRef(new LocalSocket(pair, 0, of_kind, flags)),
                   vfs::FileRef(new LocalSocket(pair, 1, of_kind, flags)));
}

LocalSocket::LocalSocket(std::shared_ptr<LocalPair> pair, std::size_t end, net::SocketKind of_kind, std::uint32_t flags)
    : Socket(of_kind), pair_(std::move(pair)), end_(end) {
  readable = writable = true;
  status_flags.store(flags, std::memory_order_relaxed);
  set_path("socket:[" + std::to_string(reinterpret_cast<std::uintptr_t>(this) >> 4) + "]");
}

Result<void> LocalSocket::shutdown(int how) {
  if (how < SHUT_RD || how > SHUT_RDWR) return Error::from_errno(EINVAL);
  {
    const std::lock_guard guard(pair_->mutex);
    if (how != SHUT_WR) incoming().receiver_ended = true;
    if (how != SHUT_RD) outgoing().sender_ended = true;
  }
  for (kernel::WaitQueue& queue : pair_->queues) queue.wake_all();
  return {};
}

// The peer of a connection learns of it; a datagram socket goes on waiting.
void LocalSocket::last_close() {
  std::deque<Packet> unread;  // their files are let go outside the lock
  {
    const std::lock_guard guard(pair_->mutex);
    pair_->closed[end_] = true;
    incoming().receiver_ended = true;
    if (!is_datagram()) {
      outgoing().sender_ended = true;
      pair_->reset[1 - end_] = !incoming().packets.empty();
    }
    unread.swap(incoming().packets);
    incoming().size = 0;
  }
  wake_peer();
}

// As Linux's unix_poll.
std::uint32_t LocalSocket::readiness() {
  const std::lock_guard guard(pair_->mutex);
  std::uint32_t ready = 0;
  const bool reading_ended = incoming().receiver_ended || incoming().sender_ended;
  const bool writing_ended = outgoing().sender_ended || (!is_datagram() && outgoing().receiver_ended);
  if (!incoming().packets.empty() || reading_ended) ready |= EPOLLIN | EPOLLRDNORM;
  if (reading_ended) ready |= EPOLLRDHUP;
  if (reading_ended && writing_ended) ready |= EPOLLHUP;
  if (outgoing().size * 4 <= LocalChannel::kCapacity) ready |= EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND;
  if (pair_->reset[end_]) ready |= EPOLLERR;
  return ready;
}

Result<std::int64_t> LocalSocket::control(Task&, std::uint32_t request, ProgramAddress argument) {
  std::size_t size;
  {
    const std::lock_guard guard(pair_->mutex);
    if (request == FIONREAD)
      size = is_datagram() && !incoming().packets.empty() ? incoming().packets.front().left() : incoming().size;
    else if (request == TIOCOUTQ)
      size = outgoing().size;
    else
      return Error::from_errno(ENOTTY);
  }
  TRY(argument.store(static_cast<std::int32_t>(size)));
  return 0;
}

Result<SocketAddress> LocalSocket::local_address() {
  SocketAddress address;
  address.storage.ss_family = AF_UNIX;
  address.size = sizeof(sa_family_t);
  return address;
}

std::uint64_t LocalSocket::deadline_of(const std::atomic<std::uint64_t>& time_out) const {
  const std::uint64_t nanoseconds = time_out.load(std::memory_order_relaxed);
  return nanoseconds == 0 ? kernel::kNoDeadline : kernel::deadline_after(nanoseconds);
}

Result<void> LocalSocket::set_option(int level, int name, std::span<const std::uint8_t> value) {
  if (level != SOL_SOCKET) return Error::from_errno(EOPNOTSUPP);
  const net::SocketOption* const known = net::find_socket_option(level, name);
  if (known == nullptr || !known->can_set) return Error::from_errno(ENOPROTOOPT);
  if (value.size() < sizeof(int)) return Error::from_errno(EINVAL);
  if (name == SO_RCVTIMEO || name == SO_SNDTIMEO) {
    timeval time;
    if (value.size() < sizeof time) return Error::from_errno(EINVAL);
    std::memcpy(&time, value.data(), sizeof time);
    if (time.tv_usec < 0 || time.tv_usec >= 1'000'000) return Error::from_errno(EDOM);
    const timespec exact = {time.tv_sec < 0 ? 0 : time.tv_sec, time.tv_usec * 1000};
    (name == SO_RCVTIMEO ? receive_time_out_ : send_time_out_) = TRY(kernel::nanoseconds_of(exact));
  } else if (name == SO_PASSCRED) {
    passes_credentials_ =
        std::any_of(value.begin(), value.begin() + sizeof(int), [](std::uint8_t byte) { return byte != 0; });
  }
  return {};  // buffer sizes, priorities and the like have no meaning in here
}

Result<std::vector<std::uint8_t>> LocalSocket::option(Task& task, int level, int name, std::size_t capacity) {
  if (level != SOL_SOCKET) return Error::from_errno(EOPNOTSUPP);
  const net::SocketOption* const known = net::find_socket_option(level, name);
  if (known == nullptr) return Error::from_errno(ENOPROTOOPT);
  int number = 0;
  switch (name) {
    case SO_TYPE: number = socket_kind().type; break;
    case SO_DOMAIN: number = socket_kind().family; break;
    case SO_SNDBUF:
    case SO_RCVBUF: number = LocalChannel::kCapacity; break;
    case SO_PASSCRED: number = passes_credentials_; break;
    case SO_ERROR: {
      const std::lock_guard guard(pair_->mutex);
      number = std::exchange(pair_->reset[end_], false) ? ECONNRESET : 0;
      break;
    }
    case SO_PEERCRED: {
      const std::lock_guard guard(task.process.mutex);
      const ucred peer{static_cast<pid_t>(task.process.pid), task.process.credentials.euid,
                       task.process.credentials.egid};
      return bytes_of(&peer, sizeof peer, capacity);
    }
    case SO_RCVTIMEO:
    case SO_SNDTIMEO: {
      const timespec exact = kernel::timespec_of(name == SO_RCVTIMEO ? receive_time_out_ : send_time_out_);
      const timeval time{exact.tv_sec, exact.tv_nsec / 1000};
      return bytes_of(&time, sizeof time, capacity);
    }
    case SO_LINGER: {
      const linger none{};
      return bytes_of(&none, sizeof none, capacity);
    }
    default: break;
  }
  return bytes_of(&number, sizeof number, capacity);
}
}  // namespace cloister::ipc
