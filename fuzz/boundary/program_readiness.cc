// SPDX-License-Identifier: Apache-2.0
#include "fuzz/boundary/program_readiness.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <cstring>
#include "fuzz/boundary/program_memory.h"
#include "fuzz/boundary/system_call.h"

namespace cloister::fuzz {
void poll_some(Program& program) {
  const std::size_t count = 1 + program.choices.byte() % 3;
  pollfd items[3] = {{-1, 0, 0}, {-1, 0, 0}, {-1, 0, 0}};
  for (std::size_t i = 0; i < count; ++i)
    if (const Descriptor* const file = program.pick({Kind::stream, Kind::datagram, Kind::file, Kind::epoll}))
      items[i] = {file->number, static_cast<short>(POLLIN | (program.choices.byte() % 2 == 0 ? 0 : POLLOUT)), 0};
  const auto place = allocate_output(sizeof items);
  std::memcpy(at<char>(place), items, sizeof items);
  const long ready = call(program.task, SYS_poll, place, count, program.choices.byte() % 2 == 0 ? 0 : 20);
  require(ready <= static_cast<long>(count), "more ready files than it asked for");
  for (std::size_t i = 0; ready >= 0 && i < count; ++i)
    require((at<pollfd>(place)[i].revents & ~(items[i].events | POLLERR | POLLHUP)) == 0,
            "events that it did not ask for");
}
void select_some(Program& program) {
  const Descriptor* const file = program.pick({Kind::stream, Kind::datagram});
  if (file == nullptr) return;
  fd_set asked;
  FD_ZERO(&asked);
  FD_SET(file->number, &asked);
  const int number = file->number;
  const auto set = allocate_output(sizeof asked), time_out = allocate_output(sizeof(timeval));
  *at<fd_set>(set) = asked;
  const long ready = call(program.task, SYS_select, number + 1, set, 0, 0, time_out);
  require(ready <= 1, "more ready files than it asked for");
}

void make_epoll(Program& program) { program.add(call(program.task, SYS_epoll_create1, 0), Kind::epoll); }
void watch(Program& program) {
  static constexpr std::uint32_t kWays[] = {EPOLLIN, EPOLLIN | EPOLLOUT, EPOLLIN | EPOLLET, EPOLLIN | EPOLLONESHOT};
  const Descriptor* const epoll = program.pick({Kind::epoll});
  const Descriptor* const file = program.pick({Kind::stream, Kind::datagram});
  if (epoll == nullptr || file == nullptr) return;
  epoll_event event = {};
  event.events = kWays[program.choices.byte() % 4];
  event.data.u64 = kTokenBase + static_cast<std::uint64_t>(file->number);
  call(program.task, SYS_epoll_ctl, epoll->number, 1 + program.choices.byte() % 3, file->number, copy_of(event));
}
void wait_epoll(Program& program) {
  const Descriptor* const epoll = program.pick({Kind::epoll});
  if (epoll == nullptr) return;
  const std::size_t count = 1 + program.choices.byte() % 70;
  const auto events = allocate_output(count * sizeof(epoll_event));
  const long ready =
      call(program.task, SYS_epoll_wait, epoll->number, events, count, program.choices.byte() % 2 == 0 ? 0 : 20);
  require(ready <= static_cast<long>(count), "more events than it asked for");
  for (long i = 0; i < ready; ++i) {
    const epoll_event event = at<epoll_event>(events)[i];
    require(event.data.u64 >> 32 == kTokenBase >> 32 && event.data.u64 - kTokenBase < 4096,
            "a token that is not its own");
    require((event.events & ~(EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLERR | EPOLLHUP)) == 0,
            "events that it did not ask for");
  }
}
}  // namespace cloister::fuzz
