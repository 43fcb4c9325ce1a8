// SPDX-License-Identifier: Apache-2.0
#include "fuzz/boundary/honest_connections.h"
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include "fuzz/boundary/host_bytes.h"
#include "src/enclave/core/epoll_table.h"
#include "src/enclave/core/thread.h"

namespace cloister::fuzz {
std::uint32_t put_address(std::uint64_t address, int family, Choices& choices) {
  sockaddr_storage storage = {};
  storage.ss_family = static_cast<sa_family_t>(family);
  std::uint32_t size = sizeof(sa_family_t);
  if (family == AF_INET) size = sizeof(sockaddr_in);
  if (family == AF_INET6) size = sizeof(sockaddr_in6);
  if (family == AF_UNIX && choices.byte() % 2 == 1) {
    std::strcpy(reinterpret_cast<sockaddr_un*>(&storage)->sun_path, "/h/peer");
    size = offsetof(sockaddr_un, sun_path) + 8;
  }
  std::memcpy(memory<char>(address), &storage, (size + 7) / 8 * 8);
  return size;
}

long receive(HostObject& object, std::uint64_t address, std::uint64_t size, std::uint64_t flags, Choices& choices) {
  if (object.kind != HostKind::stream) return static_cast<long>(fill(address, part_of(size, choices), 'r'));
  const std::uint8_t choice = choices.byte();
  if (choice >= 240 && choice < 246) return -ECONNRESET;
  if (choice >= 250 && (flags & MSG_DONTWAIT) != 0) return -EAGAIN;
  object.has_given_all |= choice >= 246 && choice < 250;
  if (object.has_given_all || size == 0) return 0;
  const std::uint64_t got = choice == 0 ? size : std::max<std::uint64_t>(1, size * choice / 256);
  object.stream.give(memory<void>(address), got, (flags & MSG_PEEK) == 0);
  return static_cast<long>(got);
}

long send(const HostObject& object, std::uint64_t address, std::uint64_t size, std::uint64_t flags, Choices& choices) {
  object.stream.check_sent(memory<void>(address), size);
  const std::uint8_t choice = choices.byte();
  if (choice >= 250 && (flags & MSG_DONTWAIT) != 0) return -EAGAIN;
  return static_cast<long>(choice == 0 ? size : size * choice / 256);
}

const iovec* data_of_message(const msghdr& header) {
  const auto is_in_block = [](const void* at, std::size_t size) {
    const std::uint64_t offset = reinterpret_cast<std::uint64_t>(at) - core::current_thread()->host_block.word();
    return offset < kHostBlockSize && size <= kHostBlockSize - offset;
  };
  const iovec* const vector = header.msg_iov;
  const bool is_good = is_in_block(vector, sizeof *vector) && is_in_block(vector->iov_base, vector->iov_len) &&
                       (header.msg_name == nullptr || is_in_block(header.msg_name, sizeof(sockaddr_storage))) &&
                       (header.msg_control == nullptr || is_in_block(header.msg_control, header.msg_controllen));
  return is_good ? vector : nullptr;
}

long receive_message(HostObject& object, std::uint64_t address, std::uint64_t flags, Choices& choices) {
  auto* const header = memory<msghdr>(address);
  const iovec* const found = data_of_message(*header);
  if (found == nullptr) return -EFAULT;
  const iovec vector = *found;
  const long got = receive(object, reinterpret_cast<std::uint64_t>(vector.iov_base), vector.iov_len, flags, choices);
  if (got < 0) return got;
  header->msg_namelen = object.kind == HostKind::datagram && header->msg_name != nullptr
                            ? put_address(reinterpret_cast<std::uint64_t>(header->msg_name), object.family, choices)
                            : 0;
  header->msg_flags = choices.byte() == 1 ? MSG_TRUNC : 0;
  std::uint64_t control = 0;
  if (header->msg_controllen >= CMSG_SPACE(sizeof(timeval)) && choices.byte() == 1) {
    cmsghdr message = {};
    message.cmsg_len = CMSG_LEN(sizeof(timeval));
    message.cmsg_level = SOL_SOCKET;
    message.cmsg_type = SO_TIMESTAMP;
    std::memset(header->msg_control, 0, CMSG_SPACE(sizeof(timeval)));
    std::memcpy(header->msg_control, &message, sizeof message);
    control = CMSG_SPACE(sizeof(timeval));
  }
  header->msg_controllen = control;
  return got;
}

long wait_epoll(const HostObject& object, std::uint64_t address, std::uint64_t capacity, Choices& choices) {
  std::uint64_t count = 0;
  for (const auto& [descriptor, interest] : object.interests) {
    const std::uint32_t ready = interest.events & core::kEpollReadiness & (choices.byte() == 0 ? ~0u : EPOLLIN);
    if (ready == 0 || count == capacity) continue;
    put(address + 12 * count++, core::EpollEvent{ready, interest.token});
  }
  return static_cast<long>(count);
}

long control_epoll(HostObject& object, const std::uint64_t* a) {
  core::EpollEvent event;
  std::memcpy(&event, memory<char>(a[3]), sizeof event);
  const bool known = object.interests.contains(a[2]);
  if (a[1] == EPOLL_CTL_ADD && known) return -EEXIST;
  if (a[1] != EPOLL_CTL_ADD && !known) return -ENOENT;
  if (a[1] == EPOLL_CTL_DEL)
    object.interests.erase(a[2]);
  else
    object.interests[a[2]] = {event.events | EPOLLERR | EPOLLHUP, event.data};
  return 0;
}

long poll_all(std::uint64_t address, std::uint64_t count, Choices& choices) {
  long ready = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    auto* const item = memory<pollfd>(address + 8 * i);
    item->revents = static_cast<short>(choices.byte() == 1 ? 0 : item->events);
    ready += item->revents != 0 ? 1 : 0;
  }
  return ready;
}

long accept_connection(HostWorld& world, const HostObject& listener, const std::uint64_t* a, Choices& choices) {
  const std::uint32_t size = put_address(a[1], listener.family, choices);
  put(a[2], size);
  return static_cast<long>(world.give_socket(HostKind::stream, listener.family));
}

void note_answer(HostWorld& world, const HostRequest& request, long result) {
  HostObject* const object = world.find(request.arguments[0]);
  if (object == nullptr || object->kind != HostKind::stream) return;
  switch (request.number) {
    case SYS_write:
    case SYS_sendto:
    case SYS_sendfile:
    case SYS_sendmsg: object->stream.note_taken(result); break;
    case SYS_connect: object->stream.note_connected(); break;
    case SYS_shutdown:
      if (request.arguments[1] != SHUT_RD) object->stream.note_end();
      break;
    default: break;
  }
}
}  // namespace cloister::fuzz
