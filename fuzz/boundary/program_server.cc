// SPDX-License-Identifier: Apache-2.0
// What servers do: calls that go together, so that the enclave comes to know the program's habits, and whatever may
// come between them.
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <linux/sockios.h>
#include <algorithm>
#include <cstring>
#include "fuzz/boundary/clock.h"
#include "fuzz/boundary/program.h"
#include "fuzz/boundary/program_memory.h"
#include "fuzz/boundary/program_transfers.h"
#include "fuzz/boundary/system_call.h"
#include "src/enclave/core/write_behind.h"

namespace cloister::fuzz {
namespace {
// Which the host's answers may have turned into something else meanwhile.
bool is_stream(const Program& program, int number) {
  return std::any_of(program.descriptors.begin(), program.descriptors.end(), [number](const Descriptor& descriptor) {
    return descriptor.number == number && descriptor.kind == Kind::stream;
  });
}

void watch(Program& program, int epoll, int number, int way, std::uint32_t events) {
  epoll_event event = {};
  event.events = events;
  event.data.u64 = kTokenBase + static_cast<std::uint64_t>(number);
  call(program.task, SYS_epoll_ctl, epoll, way, number, copy_of(event));
}

void open_server(Program& program) {
  const long epoll = call(program.task, SYS_epoll_create1, 0);
  program.add(epoll, Kind::epoll);
  if (epoll < 0) return;
  const std::uint8_t choice = program.choices.byte();
  const std::uint32_t events = choice < 128 ? EPOLLIN : EPOLLIN | EPOLLET;
  for (int left = 2 + choice % 6; left > 0; --left) {
    const long number = call(program.task, SYS_socket, AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    program.add(number, Kind::stream, AF_INET);
    if (number >= 0) watch(program, static_cast<int>(epoll), static_cast<int>(number), EPOLL_CTL_ADD, events);
  }
}

void answer(Program& program, int number) {
  static constexpr std::size_t kSizes[] = {100, 1, 700, 4096, 16'384, 16'385, 60'000, 0};
  const std::uint8_t how = program.choices.byte();
  send_data(program, Sending{how % 4},
            {number, kSizes[program.choices.below(std::size(kSizes))], how % 8 < 4 ? 0 : MSG_DONTWAIT | MSG_NOSIGNAL,
             some_gap(program)});
}
void answer_often(Program& program, int number) {
  for (int left = 3 + program.choices.byte() % 16; left > 0; --left)
    send_data(program, Sending::write, {.number = number, .size = 200});
}

void take_request(Program& program, int number) {
  static constexpr std::size_t kSizes[] = {4096, 100, 8192, 16'384, 1, 0};
  const std::uint8_t how = program.choices.byte();
  receive_data(
      program, Receiving{how % 3},
      {number, kSizes[program.choices.below(std::size(kSizes))], how % 6 < 3 ? 0 : MSG_DONTWAIT, some_gap(program)});
}

void ask(Program& program, int number) {
  kernel::Task& task = program.task;
  const auto value = allocate_output(64), size = allocate_output(4);
  *at<std::uint32_t>(size) = 4;
  pollfd item = {number, POLLIN | POLLOUT, 0};
  switch (program.choices.byte() % 10) {
    case 0: call(task, SYS_ioctl, number, FIONREAD, value); break;
    case 1: call(task, SYS_ioctl, number, SIOCOUTQ, value); break;
    case 2: call(task, SYS_ioctl, number, SIOCATMARK, value); break;
    case 3: call(task, SYS_getsockopt, number, SOL_SOCKET, SO_ERROR, value, size); break;
    case 4: call(task, SYS_setsockopt, number, IPPROTO_TCP, TCP_NODELAY, value, 4); break;
    case 5: call(task, SYS_setsockopt, number, SOL_SOCKET, SO_SNDBUF, value, 4); break;
    case 6: call(task, SYS_setsockopt, number, SOL_SOCKET, SO_RCVLOWAT, value, 4); break;
    case 7: call(task, SYS_shutdown, number, program.choices.byte() % 3); break;
    case 8: call(task, SYS_fcntl, number, F_SETFL, program.choices.byte() % 2 == 0 ? O_NONBLOCK : 0); break;
    default: std::memcpy(at<char>(value), &item, sizeof item); call(task, SYS_poll, value, 1, 0);
  }
}

void look_ahead(Program& program, int number) {
  const std::size_t size = program.choices.byte() % 2 == 0 ? 300 : 9000;
  const auto data = allocate_output(size);
  const long got = call(program.task, SYS_recvfrom, number, data, size, MSG_PEEK, 0, 0);
  stream_of(program, number).check_received(at<void>(data), got, false);
}

void change_watching(Program& program, int epoll, int number) {
  static constexpr std::uint32_t kEvents[] = {EPOLLIN, EPOLLIN | EPOLLOUT, EPOLLIN | EPOLLET, EPOLLIN | EPOLLPRI};
  watch(program, epoll, number, 1 + program.choices.byte() % 3, kEvents[program.choices.byte() % 4]);
}

void duplicate(Program& program, int number) {
  const long other = call(program.task, SYS_dup, number);
  if (other < 0) return;
  receive_data(program, Receiving::read, {.number = static_cast<int>(other), .size = 50});
  send_data(program, Sending::write, {.number = static_cast<int>(other), .size = 50});
  call(program.task, SYS_close, static_cast<int>(other));
}

// A file, from its beginning on, as a web server serves it.
void send_page(Program& program, int number) {
  static constexpr const char* kPaths[] = {"/h/f", "/h/g", "/measured"};
  const long file = call(program.task, SYS_open, text(kPaths[program.choices.byte() % 3]), O_RDONLY, 0);
  if (file < 0) return;
  const int from = static_cast<int>(file);
  call(program.task, SYS_fstat, from, allocate_output(sizeof(struct stat)));
  if (program.choices.byte() % 2 == 0) send_data(program, Sending::writev, {.number = number, .size = 300});
  static constexpr std::size_t kSizes[] = {5000, 16'384, 100, 16'385, 200'000};
  const std::uint8_t choice = program.choices.byte();
  const std::optional<std::int64_t> offset =
      choice % 8 == 7 ? std::nullopt : std::optional<std::int64_t>(choice % 8 == 6 ? 40 : 0);
  send_file(program, number, from, offset, kSizes[choice / 8 % std::size(kSizes)]);
  call(program.task, SYS_close, from);
}

void handle(Program& program, int epoll, int number) {
  const std::uint8_t choice = program.choices.byte();
  if (choice < 96) {
    take_request(program, number);
    return;
  }
  switch (choice % 11) {
    case 0:
    case 1: take_request(program, number), answer(program, number); break;
    case 2: take_request(program, number), take_request(program, number); break;
    case 3: ask(program, number), take_request(program, number); break;
    case 4: look_ahead(program, number); break;
    case 5: change_watching(program, epoll, number); break;
    case 6: duplicate(program, number); break;
    case 7: program.close(number); break;
    case 8: send_page(program, number); break;
    case 9: answer_often(program, number); break;
    default: break;
  }
}

// Waits for requests, and does something about each.
void serve(Program& program) {
  constexpr int kMost = 8;
  const Descriptor* const found = program.pick({Kind::epoll});
  if (found == nullptr) return;
  const int epoll = found->number;
  const auto events = allocate_output(kMost * sizeof(epoll_event));
  const long ready = call(program.task, SYS_epoll_wait, epoll, events, kMost, 0);
  require(ready <= kMost, "more events than it asked for");
  for (long i = 0; i < ready; ++i) {
    const auto number = static_cast<int>(at<epoll_event>(events)[i].data.u64 - kTokenBase);
    if (is_stream(program, number)) handle(program, epoll, number);
  }
}

template <void (*kStep)(Program&, int)>
void with_stream(Program& program) {
  if (const Descriptor* const stream = program.pick({Kind::stream})) kStep(program, stream->number);
}

// A file that is opened, and what is done with it at once.
void look_into_file(Program& program) {
  const std::string path = program.choices.byte() % 2 == 0 ? "/h/f" : "/h/g";
  const long opened = call(program.task, SYS_open, text(path), O_RDONLY, 0);
  program.add(opened, Kind::read_only);
  if (opened < 0) return;
  const int number = static_cast<int>(opened);
  const auto status = allocate_output(sizeof(struct stat));
  const std::uint8_t between = program.choices.byte() % 16;
  if (between == 1) call(program.task, SYS_fstat, number, status);
  if (between == 2) call(program.task, SYS_lseek, number, 0, SEEK_SET);
  if (between == 3) call(program.task, SYS_close, call(program.task, SYS_dup, number));
  if (between == 4) pass_time(1'000'000'000);
  static constexpr std::size_t kSizes[] = {4096, 100, 16'384, 20'000, 0};
  const std::size_t size = kSizes[program.choices.below(std::size(kSizes))];
  const auto gap = some_gap(program);
  for (int left = 1 + program.choices.byte() % 2; left > 0; --left) {
    const auto to = allocate_buffer(size, gap);
    const std::uint64_t offset = program.choices.byte() == 1 ? 10 : 0;
    const long got = call(program.task, SYS_pread64, number, to, size, offset);
    require(got <= static_cast<long>(size), "more than it asked for");
    check_file_bytes(path.c_str(), offset, at<void>(to), got);
  }
  if (program.choices.byte() % 4 != 3) program.close(number);
}

void splice_some(Program& program) {
  const Descriptor* const from = program.pick({Kind::file, Kind::stream});
  const Descriptor* const to = program.pick({Kind::file, Kind::stream});
  const auto ends = allocate_output(8);
  if (from == nullptr || to == nullptr || call(program.task, SYS_pipe2, ends, O_NONBLOCK) < 0) return;
  const int source = from->number, target = to->number, out = at<int>(ends)[0], in = at<int>(ends)[1];
  stream_of(program, target).send_file(0, 0);
  const long got = call(program.task, SYS_splice, source, 0, in, 0, 3000, 0);
  stream_of(program, source).skip_received(got);
  const long put = call(program.task, SYS_splice, out, 0, target, 0, 3000, 0);
  require(put <= std::max(got, 0L), "more spliced than it had");
  stream_of(program, target).sent_file(put);
  if (put < 0) stream_of(program, target).note_end();
  call(program.task, SYS_close, in);
  call(program.task, SYS_close, out);
}

// Long enough, perhaps, for the host to kick the thread because of what waits to be sent.
void compute(Program& program) {
  constexpr std::uint64_t kTick = 5'000'000;
  const std::uint64_t time = program.choices.byte() * 50'000UL;
  pass_time(time);
  core::Thread* const thread = program.task.thread;
  if (time < kTick || thread->queued_sends == 0) return;
  thread->work |= core::kWorkSends;
  core::flush_sends(thread);
}

constexpr Step kSteps[] = {serve,
                           open_server,
                           with_stream<answer>,
                           with_stream<answer_often>,
                           with_stream<send_page>,
                           look_into_file,
                           with_stream<ask>,
                           with_stream<take_request>,
                           compute,
                           splice_some,
                           step_of_another};
}  // namespace

std::span<const Step> server_steps() { return kSteps; }
}  // namespace cloister::fuzz
