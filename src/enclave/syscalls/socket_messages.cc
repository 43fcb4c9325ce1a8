// SPDX-License-Identifier: Apache-2.0
// sendto, recvfrom, sendmsg, recvmsg, sendmmsg, recvmmsg. The simple forms of the first three rarely come here
// (core/data_calls.cc, core/gathered_calls.cc).
#include <sys/socket.h>
#include <algorithm>
#include "src/enclave/core/clock.h"
#include "src/enclave/syscalls/net_handlers.h"
#include "src/enclave/syscalls/socket_files.h"
#include "src/enclave/syscalls/wait_times.h"

namespace cloister::syscalls {
namespace {
constexpr std::uint64_t kMaxVectors = 1024, kMaxControl = 64 << 10;

// struct msghdr of the kernel ABI.
struct MessageHeader {
  std::uint64_t name;
  std::int32_t name_size;
  std::uint32_t padding1;
  std::uint64_t vectors, vector_count;
  std::uint64_t control, control_size;
  std::int32_t flags;
  std::uint32_t padding2;
};
static_assert(sizeof(MessageHeader) == sizeof(msghdr));

struct BatchedMessage {
  MessageHeader header;
  std::uint32_t size;
  std::uint32_t padding;
};
static_assert(sizeof(BatchedMessage) == sizeof(mmsghdr));

ProgramAddress field_of(ProgramAddress header, std::size_t offset) { return header + offset; }

Result<MessageHeader> load_header(ProgramAddress address) {
  const auto header = TRY(address.load<MessageHeader>());
  if (header.name != 0 && header.name_size < 0) return Error::from_errno(EINVAL);
  if (header.vector_count > kMaxVectors) return Error::from_errno(EMSGSIZE);
  return header;
}

Result<std::size_t> send_message(Task& task, net::Socket& socket, const MessageHeader& header, int flags) {
  net::OutgoingMessage message;
  if (header.name != 0) {
    // Linux cuts a too long name to its own limit here, unlike in sendto.
    const auto size = std::min<std::int32_t>(header.name_size, sizeof(sockaddr_storage));
    message.destination = TRY(net::load_address({header.name}, size));
  }
  message.data = TRY(kernel::IoVector::load({header.vectors}, header.vector_count));
  if (header.control_size > kMaxControl) return Error::from_errno(ENOBUFS);
  if (header.control != 0 && header.control_size > 0) {
    message.control.resize(header.control_size);
    TRY(ProgramAddress{header.control}.read(message.control.data(), message.control.size()));
  }
  message.flags = flags;
  return socket.send(task, message);
}

Result<std::size_t> receive_message(Task& task, net::Socket& socket, ProgramAddress address, int flags) {
  const MessageHeader header = TRY(load_header(address));
  net::IncomingMessage message;
  message.data = TRY(kernel::IoVector::load({header.vectors}, header.vector_count));
  message.control_capacity = header.control != 0 ? std::min(header.control_size, kMaxControl) : 0;
  message.flags = flags;
  const std::size_t got = TRY(socket.receive(task, message));
  if (header.name != 0) {
    const std::uint32_t part = std::min(static_cast<std::uint32_t>(header.name_size), message.source.size);
    if (part > 0) TRY(ProgramAddress{header.name}.write(&message.source.storage, part));
    TRY(field_of(address, offsetof(MessageHeader, name_size)).store(message.source.size));
  }
  if (!message.control.empty())
    TRY(ProgramAddress{header.control}.write(message.control.data(), message.control.size()));
  const std::int32_t result_flags = message.result_flags | (flags & MSG_CMSG_CLOEXEC);
  TRY(field_of(address, offsetof(MessageHeader, flags)).store(result_flags));
  TRY(field_of(address, offsetof(MessageHeader, control_size)).store(std::uint64_t{message.control.size()}));
  return got;
}
}  // namespace

SysResult sys_sendto(Task& task, int descriptor, ProgramAddress data, std::uint64_t size, int flags,
                     ProgramAddress address, std::int32_t address_size) {
  net::OutgoingMessage message;
  message.data = TRY(kernel::IoVector::buffer(data, size));
  const SocketRef socket = TRY(find_socket(task, descriptor));
  if (!address.is_null()) message.destination = TRY(net::load_address(address, address_size));
  message.flags = flags;
  return static_cast<std::int64_t>(TRY(socket->send(task, message)));
}

SysResult sys_recvfrom(Task& task, int descriptor, ProgramAddress data, std::uint64_t size, int flags,
                       ProgramAddress address, ProgramAddress address_size) {
  net::IncomingMessage message;
  message.data = TRY(kernel::IoVector::buffer(data, size));
  const SocketRef socket = TRY(find_socket(task, descriptor));
  message.flags = flags;
  const std::size_t got = TRY(socket->receive(task, message));
  if (!address.is_null()) TRY(net::store_address(message.source, address, address_size));
  return static_cast<std::int64_t>(got);
}

SysResult sys_sendmsg(Task& task, int descriptor, ProgramAddress header, int flags) {
  const SocketRef socket = TRY(find_socket(task, descriptor));
  return static_cast<std::int64_t>(TRY(send_message(task, *socket, TRY(load_header(header)), flags)));
}

SysResult sys_recvmsg(Task& task, int descriptor, ProgramAddress header, int flags) {
  const SocketRef socket = TRY(find_socket(task, descriptor));
  return static_cast<std::int64_t>(TRY(receive_message(task, *socket, header, flags)));
}

// The number of messages that went; an error only if none did.
SysResult sys_sendmmsg(Task& task, int descriptor, ProgramAddress messages, std::uint32_t count, int flags) {
  const SocketRef socket = TRY(find_socket(task, descriptor));
  count = std::min<std::uint32_t>(count, kMaxVectors);
  for (std::uint32_t i = 0; i < count; ++i) {
    const ProgramAddress at = messages + std::uint64_t{i} * sizeof(BatchedMessage);
    const auto send_one = [&]() -> Result<void> {
      const auto sent = static_cast<std::uint32_t>(TRY(send_message(task, *socket, TRY(load_header(at)), flags)));
      return field_of(at, offsetof(BatchedMessage, size)).store(sent);
    };
    const auto result = send_one();
    if (!result.ok()) return i > 0 ? SysResult(i) : SysResult(result.error());
  }
  return count;
}

// The time-out is looked at after each message only, as Linux does.
SysResult sys_recvmmsg(Task& task, int descriptor, ProgramAddress messages, std::uint32_t count, int flags,
                       ProgramAddress time_out) {
  const std::uint64_t deadline = TRY(deadline_of_timespec(time_out));
  const SocketRef socket = TRY(find_socket(task, descriptor));
  count = std::min<std::uint32_t>(count, kMaxVectors);
  std::uint32_t done = 0;
  while (done < count) {
    const ProgramAddress at = messages + std::uint64_t{done} * sizeof(BatchedMessage);
    const auto receive_one = [&]() -> Result<void> {
      const auto got = static_cast<std::uint32_t>(TRY(receive_message(task, *socket, at, flags & ~MSG_WAITFORONE)));
      return field_of(at, offsetof(BatchedMessage, size)).store(got);
    };
    const auto result = receive_one();
    if (!result.ok()) {
      if (done == 0) return result.error();
      break;
    }
    ++done;
    if ((flags & MSG_WAITFORONE) != 0) flags |= MSG_DONTWAIT;
    if (!time_out.is_null() && core::monotonic_now() >= deadline) break;
  }
  report_time_left(time_out, deadline);
  return done;
}
}  // namespace cloister::syscalls
