// SPDX-License-Identifier: Apache-2.0
// Life of a socket of the host: made, bound, connected, accepted, closed.
#include "src/enclave/net/host_socket.h"
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include "src/enclave/core/host_call.h"
#include "src/enclave/core/interrupt.h"
#include "src/enclave/core/prefetch.h"
#include "src/enclave/core/write_behind.h"
#include "src/enclave/kernel/task.h"
#include "src/enclave/net/unix_address.h"
#include "src/enclave/vfs/host_calls.h"
#include "src/enclave/vfs/host_paths.h"
#include "src/enclave/vfs/poll.h"

namespace cloister::net {
namespace {
// Where an address and its size lie in the bounce buffer.
constexpr std::uint64_t kSize = 0, kAddress = 8;
constexpr std::uint32_t kHostFileModeMask = 022;  // of the host part

std::uint64_t host_type(int type, std::uint32_t flags) {
  return static_cast<std::uint64_t>(type) | SOCK_CLOEXEC | ((flags & O_NONBLOCK) != 0 ? SOCK_NONBLOCK : 0);
}
}  // namespace

HostSocket::HostSocket(int host_socket, SocketKind of_kind, std::uint32_t flags) : Socket(of_kind) {
  kind = core::FileKind::host_socket;
  readable = writable = true;
  status_flags.store(flags, std::memory_order_relaxed);
  host_descriptor = host_socket;
  set_path("socket:[" + std::to_string(reinterpret_cast<std::uintptr_t>(this) >> 4) + "]");
}

bool HostSocket::is_tcp() const {
  const SocketKind& what = socket_kind();
  return what.type == SOCK_STREAM && (what.family == AF_INET || what.family == AF_INET6) &&
         (what.protocol == 0 || what.protocol == IPPROTO_TCP);
}

// Only families whose addresses we check.
Result<vfs::FileRef> HostSocket::create(SocketKind of_kind, std::uint32_t flags) {
  if (of_kind.family != AF_UNIX && of_kind.family != AF_INET && of_kind.family != AF_INET6)
    return Error::from_errno(EAFNOSUPPORT);
  const auto descriptor =
      TRY(vfs::quick_host_call(HostCall::socket, static_cast<std::uint64_t>(of_kind.family),
                               host_type(of_kind.type, flags), static_cast<std::uint64_t>(of_kind.protocol)));
  return vfs::FileRef(new HostSocket(static_cast<int>(descriptor), of_kind, flags));
}

Result<void> HostSocket::bind(Task& task, const SocketAddress& address) {
  const HostAddress to = TRY(to_host_address(task, socket_kind().family, address));
  put_address(to.address, core::bounce_buffer());
  TRY(vfs::quick_host_call(HostCall::bind, host(), core::bounce_buffer(), to.address.size));
  if (to.path.empty()) return {};
  know_address(local_name_, counted_path(address));
  const std::uint32_t mask = task.process.file_mode_mask;
  if (mask != kHostFileModeMask) TRY(vfs::change_host_mode(to.path, 0777 & ~mask));
  return {};
}

Result<void> HostSocket::listen(int backlog) {
  TRY(vfs::quick_host_call(HostCall::listen, host(), static_cast<std::uint64_t>(backlog)));
  return {};
}

// Host may: give a descriptor that is ours already (checked in host_call), any peer's address of the family, EINTR.
Result<AcceptedSocket> HostSocket::accept(Task&, int flags) {
  const core::HostAddress buffer = core::bounce_buffer();
  core::store_host_word(buffer + kSize, kHostAddressSize);
  const long result = core::interruptible_host_call(HostCall::accept4, host(), buffer + kAddress, buffer + kSize,
                                                    static_cast<std::uint64_t>((flags & SOCK_NONBLOCK) | SOCK_CLOEXEC));
  const auto descriptor = TRY(waited(result, has_receive_time_out_));
  auto* const accepted = new HostSocket(static_cast<int>(descriptor), socket_kind(), flags & SOCK_NONBLOCK);
  AcceptedSocket answer{vfs::FileRef(accepted), {}};
  answer.peer = take_address(HostCall::accept4, buffer + kAddress, core::load_host_word(buffer + kSize).low_half(),
                             socket_kind().family);
  accepted->local_name_ = known_address(local_name_);
  accepted->is_ahead_forbidden_ = is_ahead_forbidden_.load();  // Linux hands the options on
  accepted->is_behind_forbidden_ = is_behind_forbidden_.load();
  return answer;
}

// An interrupted connect goes on by itself; asked again, a blocking one waits for the same connection.
Result<void> HostSocket::connect(Task& task, const SocketAddress& address) {
  core::stop_write_behind(this);
  finish_write_behind();
  forget_prefetched();  // AF_UNSPEC ends the connection that there was
  const HostAddress to = TRY(to_host_address(task, socket_kind().family, address));
  put_address(to.address, core::bounce_buffer());
  TRY(waited(core::interruptible_host_call(HostCall::connect, host(), core::bounce_buffer(), to.address.size),
             has_send_time_out_));
  if (!to.path.empty()) know_address(peer_name_, counted_path(address));
  return {};
}

Result<void> HostSocket::shutdown(int how) {
  if (how != SHUT_RD) forbid_write_behind();
  TRY(vfs::quick_host_call(HostCall::shutdown, host(), static_cast<std::uint64_t>(how)));
  return {};
}

SocketAddress HostSocket::known_address(const SocketAddress& which) {
  const std::lock_guard guard(names_mutex_);
  return which;
}
void HostSocket::know_address(SocketAddress& which, const SocketAddress& address) {
  const std::lock_guard guard(names_mutex_);
  which = address;
}

// Host may: claim any address of the family.
Result<SocketAddress> HostSocket::ask_address(HostCall call) {
  const core::HostAddress buffer = core::bounce_buffer();
  core::store_host_word(buffer + kSize, kHostAddressSize);
  TRY(vfs::quick_host_call(call, host(), buffer + kAddress, buffer + kSize));
  return take_address(call, buffer + kAddress, core::load_host_word(buffer + kSize).low_half(), socket_kind().family);
}

Result<SocketAddress> HostSocket::local_address() {
  const SocketAddress known = known_address(local_name_);
  return known.size > 0 ? Result<SocketAddress>(known) : ask_address(HostCall::getsockname);
}
Result<SocketAddress> HostSocket::peer_address() {
  const SocketAddress known = known_address(peer_name_);
  return known.size > 0 ? Result<SocketAddress>(known) : ask_address(HostCall::getpeername);
}

// Host may: not set the flag. Then its calls block or do not block against our wish, which costs the program's progress
// alone.
Result<void> HostSocket::set_status_flags(std::uint32_t flags) {
  const std::uint32_t old = status_flags.load(std::memory_order_relaxed);
  if (((old ^ flags) & O_NONBLOCK) != 0)
    TRY(vfs::quick_host_call(HostCall::fcntl_set_flags, host(), F_SETFL, O_RDWR | (flags & O_NONBLOCK)));
  return OpenFile::set_status_flags(flags);
}

std::uint32_t HostSocket::readiness() {
  const std::uint32_t host_knows = vfs::poll_host_now(
      host_descriptor, POLLIN | POLLPRI | POLLOUT | POLLRDNORM | POLLRDBAND | POLLWRNORM | POLLWRBAND | POLLRDHUP);
  if (!core::has_prefetched(*this)) return host_knows;
  return host_knows | POLLIN | POLLRDNORM | (has_prefetched_error() ? POLLERR : 0);
}

void HostSocket::last_close() {
  end_write_behind();
  end_receive_ahead();
  (void)vfs::close_host_descriptor(host_descriptor);
}
}  // namespace cloister::net
