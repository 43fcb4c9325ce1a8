// SPDX-License-Identifier: Apache-2.0
// Calls about sockets.
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <net/if.h>
#include <algorithm>
#include <cstring>
#include "fuzz/boundary/program.h"
#include "fuzz/boundary/program_memory.h"
#include "fuzz/boundary/program_readiness.h"
#include "fuzz/boundary/program_transfers.h"
#include "fuzz/boundary/system_call.h"

namespace cloister::fuzz {
namespace {
constexpr int kFamilies[] = {AF_INET, AF_INET6, AF_UNIX};

void make_socket(Program& program) {
  const int family = kFamilies[program.choices.below(3)];
  const bool is_stream = program.choices.byte() % 2 == 0;
  const int type = (is_stream ? SOCK_STREAM : SOCK_DGRAM) | (program.choices.byte() % 2 == 0 ? 0 : SOCK_NONBLOCK);
  program.add(call(program.task, SYS_socket, family, type, 0), is_stream ? Kind::stream : Kind::datagram, family);
}

struct Address {
  kernel::ProgramAddress address;
  std::size_t size;
};
Address address_of(int family) {
  sockaddr_storage storage = {};
  storage.ss_family = static_cast<sa_family_t>(family);
  if (family == AF_UNIX) std::strcpy(reinterpret_cast<sockaddr_un*>(&storage)->sun_path, "/h/socket");
  return {copy_of(storage), family == AF_INET    ? sizeof(sockaddr_in)
                            : family == AF_INET6 ? sizeof(sockaddr_in6)
                                                 : sizeof(sockaddr_un)};
}

void set_up(Program& program) {
  const Descriptor* const found = program.pick({Kind::stream, Kind::datagram});
  if (found == nullptr) return;
  const Descriptor chosen = *found;
  const Address address = address_of(chosen.family);
  switch (program.choices.byte() % 4) {
    case 0: call(program.task, SYS_bind, chosen.number, address.address, address.size); break;
    case 1: call(program.task, SYS_connect, chosen.number, address.address, address.size); break;
    case 2: call(program.task, SYS_listen, chosen.number, 5); break;
    default: call(program.task, SYS_shutdown, chosen.number, 2); break;
  }
}

// An address that the enclave gave: of the family, and no longer than such a one is.
void require_address(kernel::ProgramAddress address, std::uint32_t size, int family) {
  if (size == 0) return;
  require(size >= sizeof(sa_family_t) && size <= sizeof(sockaddr_un) + 1, "the size of an address");
  require(at<sockaddr_storage>(address)->ss_family == family, "an address of another family");
}
struct AddressBuffer {
  kernel::ProgramAddress address = allocate_output(sizeof(sockaddr_storage));
  kernel::ProgramAddress size = [] {
    const auto place = allocate_output(4);
    *at<std::uint32_t>(place) = sizeof(sockaddr_storage);
    return place;
  }();
  void check(long result, int family) const {
    if (result >= 0) require_address(address, *at<std::uint32_t>(size), family);
  }
};

void accept_one(Program& program) {
  const Descriptor* const listener = program.pick({Kind::stream});
  if (listener == nullptr) return;
  const int family = listener->family;
  const AddressBuffer peer;
  const long result = call(program.task, SYS_accept4, listener->number, peer.address, peer.size, SOCK_NONBLOCK);
  peer.check(result, family);
  program.add(result, Kind::stream, family);
}
void ask_names(Program& program) {
  const Descriptor* const socket = program.pick({Kind::stream, Kind::datagram});
  if (socket == nullptr) return;
  const int family = socket->family;
  const AddressBuffer name;
  const long number = program.choices.byte() % 2 == 0 ? SYS_getsockname : SYS_getpeername;
  name.check(call(program.task, number, socket->number, name.address, name.size), family);
}
void options(Program& program) {
  static constexpr int kOptions[][2] = {
      {SOL_SOCKET, SO_ERROR},    {SOL_SOCKET, SO_KEEPALIVE}, {SOL_SOCKET, SO_LINGER},
      {SOL_SOCKET, SO_PEERCRED}, {SOL_SOCKET, SO_RCVTIMEO},  {IPPROTO_TCP, TCP_NODELAY},
      {IPPROTO_TCP, TCP_INFO},   {SOL_SOCKET, SO_TYPE},      {SOL_SOCKET, SO_RCVBUF}};
  const Descriptor* const socket = program.pick({Kind::stream, Kind::datagram});
  if (socket == nullptr) return;
  const auto& option = kOptions[program.choices.below(std::size(kOptions))];
  const std::uint32_t capacity = static_cast<std::uint32_t>(program.choices.below(256));
  const auto value = allocate_output(capacity), size = allocate_output(4);
  *at<std::uint32_t>(size) = capacity;
  if (program.choices.byte() % 4 == 3) {
    call(program.task, SYS_setsockopt, socket->number, option[0], option[1], value, capacity);
    return;
  }
  const long result = call(program.task, SYS_getsockopt, socket->number, option[0], option[1], value, size);
  if (result == 0) require(*at<std::uint32_t>(size) <= capacity, "an option that is longer than asked");
}

std::size_t some_size(Program& program) {
  static constexpr std::size_t kSizes[] = {100, 1, 0, 4096, 126'976, 126'977, 131'072, 131'073, 300'000};
  return kSizes[program.choices.below(std::size(kSizes))];
}
// Never MSG_WAITALL: a host that gives nothing would be waited for.
void send_or_receive(Program& program) {
  const Descriptor* const found = program.pick({Kind::stream, Kind::datagram});
  if (found == nullptr) return;
  const Descriptor socket = *found;
  const std::size_t size = some_size(program);
  const Transfer transfer{socket.number, size, program.choices.byte() % 2 == 0 ? 0 : MSG_DONTWAIT};
  switch (program.choices.byte() % 5) {
    case 0: receive_data(program, Receiving::read, transfer); break;
    case 1: send_data(program, Sending::write, transfer); break;
    case 2: receive_data(program, Receiving::receive, transfer); break;
    case 3: send_data(program, Sending::send, transfer); break;
    default: {
      const AddressBuffer source;
      const auto data = allocate_output(size);
      const long result =
          call(program.task, SYS_recvfrom, socket.number, data, size, transfer.flags, source.address, source.size);
      require(result <= static_cast<long>(size), "more than it asked for");
      source.check(result, socket.family);
      stream_of(program, socket.number).check_received(at<void>(data), result, true);
    }
  }
}

void require_control(const msghdr& header, std::size_t capacity) {
  require(header.msg_controllen <= capacity, "more control data than it asked for");
  for (std::size_t at_byte = 0; header.msg_controllen - at_byte >= sizeof(cmsghdr);) {
    cmsghdr part;
    std::memcpy(&part, static_cast<const char*>(header.msg_control) + at_byte, sizeof part);
    require(part.cmsg_len >= sizeof part && part.cmsg_len <= header.msg_controllen - at_byte,
            "control data that runs out");
    require(part.cmsg_level != SOL_SOCKET || part.cmsg_type != SCM_RIGHTS, "a descriptor of the host");
    at_byte += std::min<std::size_t>((part.cmsg_len + 7) / 8 * 8, header.msg_controllen - at_byte);
  }
}
void receive_message(Program& program) {
  const Descriptor* const found = program.pick({Kind::stream, Kind::datagram});
  if (found == nullptr) return;
  const Descriptor socket = *found;
  const std::size_t size = some_size(program), capacity = program.choices.byte() % 2 == 0 ? 256 : 20;
  const int flags =
      (program.choices.byte() % 2 == 0 ? 0 : MSG_TRUNC) | (program.choices.byte() % 2 == 0 ? 0 : MSG_PEEK);
  const iovec vector = {at<void>(allocate_output(size)), size};
  msghdr header = {};
  header.msg_name = at<void>(allocate_output(sizeof(sockaddr_storage)));
  header.msg_namelen = sizeof(sockaddr_storage);
  header.msg_iov = at<iovec>(copy_of(vector));
  header.msg_iovlen = 1;
  header.msg_control = at<void>(allocate_output(capacity));
  header.msg_controllen = capacity;
  const auto place = allocate_output(sizeof header);
  *at<msghdr>(place) = header;
  const long got = call(program.task, SYS_recvmsg, socket.number, place, flags);
  if (got < 0) return;
  if ((flags & MSG_TRUNC) == 0)
    stream_of(program, socket.number).check_received(vector.iov_base, got, (flags & MSG_PEEK) == 0);
  else if ((flags & MSG_PEEK) == 0)
    stream_of(program, socket.number).skip_received(got);
  require((flags & MSG_TRUNC) != 0 || got <= static_cast<long>(size), "more than it asked for");
  const msghdr& filled = *at<msghdr>(place);
  require_address({reinterpret_cast<std::uint64_t>(filled.msg_name)}, filled.msg_namelen, socket.family);
  require_control(filled, capacity);
}
void send_message(Program& program) {
  const Descriptor* const found = program.pick({Kind::stream, Kind::datagram});
  if (found == nullptr) return;
  const Descriptor socket = *found;
  const std::size_t size = some_size(program);
  const iovec vector = {at<void>(allocate(size)), size};
  stream_of(program, socket.number).fill_next(vector.iov_base, size);
  const Address address = address_of(socket.family);
  msghdr header = {};
  header.msg_iov = at<iovec>(copy_of(vector));
  header.msg_iovlen = 1;
  header.msg_name = at<void>(address.address);
  header.msg_namelen = static_cast<socklen_t>(address.size);
  const long put = call(program.task, SYS_sendmsg, socket.number, copy_of(header), MSG_NOSIGNAL);
  require(put <= static_cast<long>(size), "more sent than it had");
  stream_of(program, socket.number).note_told(put);
}
void control(Program& program) {
  static constexpr std::uint32_t kRequests[] = {FIONREAD, 0x8912 /* SIOCGIFCONF */, 0x8915 /* SIOCGIFADDR */, 0x8905};
  const Descriptor* const socket = program.pick({Kind::stream, Kind::datagram});
  if (socket == nullptr) return;
  const auto argument = allocate_output(64);
  const auto list = allocate_output(400);
  const std::uint32_t request = kRequests[program.choices.byte() % 4];
  if (request == 0x8912) {
    at<ifconf>(argument)->ifc_len = 400;
    at<ifconf>(argument)->ifc_buf = at<char>(list);
  }
  call(program.task, SYS_ioctl, socket->number, request, argument);
}

constexpr Step kSteps[] = {make_socket,  set_up,  accept_one, ask_names,   options,    send_or_receive, receive_message,
                           send_message, control, poll_some,  select_some, make_epoll, watch,           wait_epoll};
}  // namespace

std::span<const Step> network_steps() { return kSteps; }
}  // namespace cloister::fuzz
