// SPDX-License-Identifier: Apache-2.0
// Sending and receiving through the thread's bounce buffer.
//
//   bounce buffer:  0 msghdr | 64 iovec | 128 address | 256 control | 4096 data
//
// A plain transfer without address and control uses all of the buffer for data.
#include <sys/socket.h>
#include <algorithm>
#include <cstring>
#include "src/boundary/rules.h"
#include "src/enclave/core/host_call.h"
#include "src/enclave/core/interrupt.h"
#include "src/enclave/core/write_behind.h"
#include "src/enclave/kernel/signals.h"
#include "src/enclave/kernel/task.h"
#include "src/enclave/net/message_control.h"
#include "src/enclave/net/host_socket.h"
#include "src/enclave/net/unix_address.h"

namespace cloister::net {
namespace {
constexpr std::uint64_t kVectorOffset = 64, kAddressOffset = 128, kControlOffset = 256, kDataOffset = 4096;
constexpr std::size_t kDataCapacity = kBounceSize - kDataOffset;
static_assert(kControlOffset + kMaxControlSize <= kDataOffset);

constexpr int kSendFlags = MSG_OOB | MSG_DONTROUTE | MSG_DONTWAIT | MSG_EOR | MSG_CONFIRM | MSG_MORE | MSG_FASTOPEN;
constexpr int kLastPartFlags = MSG_OOB | MSG_EOR;
constexpr int kReceiveFlags = MSG_OOB | MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT | MSG_WAITALL | MSG_ERRQUEUE;
constexpr int kResultFlags = MSG_OOB | MSG_TRUNC | MSG_CTRUNC | MSG_EOR | MSG_ERRQUEUE;

// struct msghdr and its one iovec in words, as they lie in the host's memory.
void put_message_header(core::HostAddress host, std::uint64_t address_size, std::uint64_t data_size,
                        std::uint64_t control_size) {
  const std::uint64_t words[7] = {address_size > 0 ? (host + kAddressOffset).word() : 0,
                                  address_size,
                                  (host + kVectorOffset).word(),
                                  1,
                                  control_size > 0 ? (host + kControlOffset).word() : 0,
                                  control_size,
                                  0};
  core::copy_to_host(host, words, sizeof words);
  const std::uint64_t vector[2] = {(host + kDataOffset).word(), data_size};
  core::copy_to_host(host + kVectorOffset, vector, sizeof vector);
}
}  // namespace

Result<std::int64_t> HostSocket::waited(long host_result, bool has_time_out) const {
  if (host_result >= 0) return host_result;
  if (host_result == -EINTR && !has_time_out) return Error::from_errno(static_cast<int>(-core::kRestartSys));
  return Error::from_errno(static_cast<int>(-host_result));
}

// Host may: take fewer bytes than offered (that is partial sending), more (the row forbids it for sendto; checked here
// for sendmsg), fail with any error of the class.
Result<std::size_t> HostSocket::send_part(const OutgoingMessage& message, std::size_t done, std::size_t part,
                                          int flags) {
  const core::HostAddress host_buffer = core::bounce_buffer();
  const auto host_flags = static_cast<std::uint64_t>((flags & kSendFlags) | MSG_NOSIGNAL);
  const std::uint64_t address_size =
      done == 0 ? message.destination.size : 0;  // MSG_FASTOPEN connects with the first part
  const bool has_control = done == 0 && !message.control.empty();
  const bool is_plain = address_size == 0 && !has_control;
  TRY(message.data.fetch_to_host(done, host_buffer + (is_plain ? 0 : kDataOffset), part));
  if (is_plain) {
    const long result = core::interruptible_host_call(HostCall::sendto, host(), host_buffer, part, host_flags);
    return static_cast<std::size_t>(TRY(waited(result, has_send_time_out_)));
  }
  if (address_size > 0) put_address(message.destination, host_buffer + kAddressOffset);
  if (has_control) core::copy_to_host(host_buffer + kControlOffset, message.control.data(), message.control.size());
  put_message_header(host_buffer, address_size, part, has_control ? message.control.size() : 0);
  const long result = core::interruptible_host_call(HostCall::sendmsg, host(), host_buffer, host_flags);
  if (CLOISTER_KEEPS(S_8) && result > static_cast<long>(part)) core::host_lied(HostCall::sendmsg, "more than asked");
  return static_cast<std::size_t>(TRY(waited(result, has_send_time_out_)));
}

// What the program is told, once nothing has gone out.
Error HostSocket::failed_send(Task& task, Error error, bool signals) {
  if (error.errno_value() != EPIPE) return error;
  if (const int known = take_noted_error(); known != 0) return Error::from_errno(known);
  if (is_stream() && signals) kernel::raise_signal(task, SIGPIPE);
  return error;
}

// The fast path has tried this with what the program writes itself; what sendfile has read comes here first.
Result<std::size_t> HostSocket::write(Task& task, const IoVector& from) {
  if (write_behind.load(std::memory_order_acquire) == nullptr) return Socket::write(task, from);
  const std::size_t size = from.size();
  const auto lay = [&](core::HostAddress to) { return from.fetch_to_host(0, to, size).ok(); };
  if (core::write_behind(core::current_thread(), this, size, lay)) return size;
  return send_now(task, {.destination = {}, .data = from, .control = {}, .flags = 0});
}

Result<std::size_t> HostSocket::send(Task& task, const OutgoingMessage& asked) {
  if (core::WriteBehind* const behind = write_behind.load(std::memory_order_acquire); behind != nullptr)
    behind->before_send_of(&task, asked.data.size());
  return send_now(task, asked);
}

Result<std::size_t> HostSocket::send_now(Task& task, const OutgoingMessage& asked) {
  OutgoingMessage message = asked;
  TRY(check_outgoing_control(message.control));
  const HostAddress to = TRY(to_host_address(task, socket_kind().family, message.destination));
  message.destination = to.address;
  const std::size_t size = message.data.size();
  const bool is_plain = message.destination.size == 0 && message.control.empty();
  const std::size_t capacity = is_plain ? kBounceSize : kDataCapacity;
  // A message goes out whole or not at all. Linux's own limit depends on the buffers that the host grants.
  if (!is_stream() && size > capacity) return Error::from_errno(EMSGSIZE);
  std::size_t done = 0;
  do {
    const std::size_t part = std::min(size - done, capacity);
    int flags = done + part < size ? message.flags & ~kLastPartFlags : message.flags;
    if (done > 0) flags &= ~MSG_FASTOPEN;
    auto result = send_part(message, done, part, flags);
    if (!result.ok()) {
      if (done > 0) return done;
      return failed_send(task, result.error(), (message.flags & MSG_NOSIGNAL) == 0);
    }
    done += result.value();
    if (result.value() < part) return done;
  } while (done < size);
  return done;
}

// Whether nothing more can be sent, and the program knows why.
bool HostSocket::is_broken() {
  return core::host_call(HostCall::sendto, host(), core::bounce_buffer(), std::uint64_t{0},
                         std::uint64_t{MSG_DONTWAIT | MSG_NOSIGNAL}) == -EPIPE;
}

// The host's own sendfile: the file is the host's, and what a socket of the host's is given it sees as well. Host may:
// send anything instead; as with a file that is read first.
std::optional<Result<std::size_t>> HostSocket::send_file(Task& task, vfs::OpenFile& from,
                                                         std::optional<std::uint64_t> offset, std::size_t size) {
  if (!is_tcp() || from.kind != core::FileKind::host_regular) return std::nullopt;
  if (core::WriteBehind* const behind = write_behind.load(std::memory_order_acquire); behind != nullptr)
    behind->before_send_of(&task, size);
  core::HostArgument offset_at = 0;
  if (offset.has_value()) {
    core::store_host_word(core::bounce_buffer(), *offset);
    offset_at = core::bounce_buffer();
  }
  const long result = core::interruptible_host_call(HostCall::sendfile, host(),
                                                    static_cast<std::uint64_t>(from.host_descriptor), offset_at, size);
  if (result == -EINVAL) return std::nullopt;  // its file system cannot
  const auto done = waited(result, has_send_time_out_);
  if (!done.ok()) return failed_send(task, done.error(), true);
  const auto sent = static_cast<std::size_t>(done.value());
  core::current_thread()->bytes_out += sent;
  // Linux raises SIGPIPE, too, when it finds the end broken after a part has gone out.
  if (sent > 0 && sent < size && is_broken()) kernel::raise_signal(task, SIGPIPE);
  if (offset.has_value() && sent > 0 && *offset + sent > std::uint64_t{INT64_MAX})
    core::host_lied(HostCall::sendfile, "data beyond all offsets");
  return sent;
}

// Host may: claim more bytes, a longer address or longer control data than there was room for, put anything into them
// (checked by take_address and take_control), end early. With MSG_TRUNC the size of a datagram may exceed the buffer.
Result<std::size_t> HostSocket::receive_from_host(IncomingMessage& message) {
  const core::HostAddress host_buffer = core::bounce_buffer();
  const std::size_t size = message.data.size();
  const bool gives_true_size = (message.flags & MSG_TRUNC) != 0;
  // Host descriptors must not reach us: AF_UNIX control data is never asked for, and the host drops it.
  const std::size_t control_capacity =
      socket_kind().family == AF_UNIX ? 0 : std::min(message.control_capacity, kMaxControlSize);
  std::size_t done = 0;
  for (;;) {
    const std::size_t part = std::min(size - done, kDataCapacity);
    put_message_header(host_buffer, kHostAddressSize, part, done == 0 ? control_capacity : 0);
    const long result = core::interruptible_host_call(HostCall::recvmsg, host(), host_buffer,
                                                      static_cast<std::uint64_t>(message.flags & kReceiveFlags));
    if (result < 0 && done > 0) return done;
    const auto got = static_cast<std::size_t>(TRY(waited(result, has_receive_time_out_)));
    if (CLOISTER_KEEPS(S_8) && got > part && (!gives_true_size || got > 0x7fff'ffff))
      core::host_lied(HostCall::recvmsg, "more than asked");
    const auto address_size = core::load_host_word(host_buffer + offsetof(msghdr, msg_namelen)).low_half();
    const std::uint64_t control_size =
        core::load_host_word(host_buffer + offsetof(msghdr, msg_controllen)).unverified_because("judged below");
    const auto flags = static_cast<int>(
        core::load_host_word(host_buffer + offsetof(msghdr, msg_flags)).unverified_because("masked by kResultFlags"));
    if (done == 0) {
      message.source =
          take_address(HostCall::recvmsg, host_buffer + kAddressOffset, address_size, socket_kind().family);
      if (CLOISTER_KEEPS(S_11) && control_size > control_capacity)
        core::host_lied(HostCall::recvmsg, "more control data than asked");
      message.control = take_control(host_buffer + kControlOffset, control_size);
      message.result_flags = flags & kResultFlags;
    }
    // A stream that discards (MSG_TRUNC) leaves nothing in the buffer.
    if (!(gives_true_size && is_stream() && socket_kind().family != AF_UNIX))
      TRY(message.data.fill_from_host(done, host_buffer + kDataOffset, std::min(got, part)));
    done += got;
    const bool goes_on =
        (message.flags & MSG_WAITALL) != 0 && is_stream() && (message.flags & (MSG_PEEK | MSG_TRUNC)) == 0;
    if (!goes_on || got < part || done >= size) return done;
  }
}
}  // namespace cloister::net
