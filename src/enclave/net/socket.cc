// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/net/socket.h"
#include <fcntl.h>
#include <poll.h>
#include "src/enclave/kernel/task.h"
#include "src/enclave/net/socket_control.h"
#include "src/enclave/vfs/host_calls.h"
#include "src/enclave/vfs/poll.h"

namespace cloister::net {

Socket::Socket(int host_socket, SocketKind socket_kind, std::uint32_t flags)
    : socket_kind_(socket_kind) {
  kind = core::FileKind::host_stream;
  readable = writable = true;
  status_flags.store(flags, std::memory_order_relaxed);
  host_descriptor = host_socket;
  set_path("socket:[" + std::to_string(host_socket) + "]");
}

Result<std::size_t> Socket::read(Task& task, const IoVector& to) {
  IncomingMessage message{.data = to, .source = {}, .control = {}};
  return receive(task, message);
}

Result<std::size_t> Socket::write(Task& task, const IoVector& from) {
  return send(task, {.destination = {}, .data = from, .control = {}, .flags = socket_kind_.type == SOCK_SEQPACKET ? MSG_EOR : 0});
}

Result<struct stat> Socket::status() {
  struct stat status = {};
  status.st_mode = S_IFSOCK | 0777;
  status.st_nlink = 1;
  status.st_blksize = 4096;
  status.st_ino = reinterpret_cast<std::uintptr_t>(this) >> 4;
  return status;
}

// Host may: not set the flag. Then its calls block or do not block against our wish, which costs the program's progress alone.
Result<void> Socket::set_status_flags(std::uint32_t flags) {
  const std::uint32_t old = status_flags.load(std::memory_order_relaxed);
  if (((old ^ flags) & O_NONBLOCK) != 0)
    TRY(vfs::quick_host_call(HostCall::fcntl, host(), F_SETFL, O_RDWR | (flags & O_NONBLOCK)));
  return OpenFile::set_status_flags(flags);
}

std::uint32_t Socket::readiness() {
  return vfs::poll_host_now(host_descriptor,
                            POLLIN | POLLPRI | POLLOUT | POLLRDNORM | POLLRDBAND | POLLWRNORM | POLLWRBAND | POLLRDHUP);
}

void Socket::last_close() { (void)vfs::close_host_descriptor(host_descriptor); }

Result<std::int64_t> Socket::control(Task& task, std::uint32_t request, ProgramAddress argument) {
  return socket_control(*this, task, request, argument);
}

void Socket::note_time_out(bool receiving, bool set) {
  (receiving ? has_receive_time_out_ : has_send_time_out_).store(set);
  // While there is a time-out the fast path leaves this socket to us.
  kind = has_receive_time_out_ || has_send_time_out_ ? core::FileKind::other : core::FileKind::host_stream;
}

SocketAddress Socket::local_name() {
  const std::lock_guard guard(names_mutex_);
  return local_name_;
}
SocketAddress Socket::peer_name() {
  const std::lock_guard guard(names_mutex_);
  return peer_name_;
}
void Socket::set_local_name(const SocketAddress& address) {
  const std::lock_guard guard(names_mutex_);
  local_name_ = address;
}
void Socket::set_peer_name(const SocketAddress& address) {
  const std::lock_guard guard(names_mutex_);
  peer_name_ = address;
}
}  // namespace cloister::net
