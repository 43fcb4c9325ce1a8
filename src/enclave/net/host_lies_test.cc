// SPDX-License-Identifier: Apache-2.0
// What an honest host cannot answer ends the enclave (status 120); what it may answer never gets further than an error.
#include <gtest/gtest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include "src/boundary/host_call_table.h"
#include "src/enclave/core/host_call.h"
#include "src/enclave/net/testing/calls.h"

namespace cloister::testing {
namespace {
using ::testing::ExitedWithCode;

core::HostAddress bounce(std::size_t offset) { return core::bounce_buffer() + offset; }

TEST(HostLies, DescriptorThatIsInUse) {
  Connection connection;
  host_hook = [](const HostBlockView& block) {
    if (block.number == SYS_socket) *block.result = 3;  // the listener's, or the connection's
  };
  EXPECT_EXIT(
      {
        for (int i = 0; i < 8; ++i) call(SYS_socket, AF_INET, SOCK_STREAM, 0);
      },
      ExitedWithCode(120), "host lied in socket");
  host_hook = nullptr;
}

TEST(HostLies, ImpossibleErrors) {
  Connection connection;
  host_hook = [](const HostBlockView& block) {
    if (block.number == SYS_listen) *block.result = static_cast<std::uint64_t>(-EBADF);
  };
  EXPECT_EXIT(call(SYS_listen, connection.listener, 1), ExitedWithCode(120), "host lied in listen");
  host_hook = nullptr;
}

TEST(HostLies, AddressOfAnotherFamilyOrSize) {
  Connection connection;
  auto* const address = program_memory<sockaddr_storage>();
  auto* const size = program_memory<int>();
  *size = sizeof *address;
  host_hook = [](const HostBlockView& block) {
    if (block.number == SYS_getpeername) core::store_host_word(core::HostAddress(block.arguments[2]), 100);
  };
  EXPECT_EXIT(call(SYS_getpeername, connection.client, address, size), ExitedWithCode(120), "size of a socket address");
  host_hook = [](const HostBlockView& block) {
    if (block.number == SYS_getpeername) core::store_host_word(core::HostAddress(block.arguments[1]), AF_INET6);
  };
  EXPECT_EXIT(call(SYS_getpeername, connection.client, address, size), ExitedWithCode(120),
              "family of a socket address");
  host_hook = nullptr;
  EXPECT_EQ(call(SYS_getpeername, connection.client, address, size), 0);
  EXPECT_EQ(*size, static_cast<int>(sizeof(sockaddr_in)));
}

TEST(HostLies, MoreDataThanAsked) {
  Connection connection;
  auto* const data = program_memory<char>(100);
  call(SYS_write, connection.server, data, 5);
  host_hook = [](const HostBlockView& block) {
    if (block.number == SYS_read || block.number == SYS_recvmsg) *block.result = 11;
  };
  EXPECT_EXIT(call(SYS_read, connection.client, data, 10), ExitedWithCode(120), "host lied in read");
  call(SYS_write, connection.server, data, 5);  // the child took the first
  EXPECT_EXIT(call(SYS_recvfrom, connection.client, data, 10, MSG_PEEK, nullptr, nullptr), ExitedWithCode(120),
              "host lied in recvmsg");
  host_hook = nullptr;
}

TEST(HostLies, ControlData) {
  Connection connection;
  auto* const data = program_memory<char>(4096);
  auto* const header = program_memory<msghdr>();
  iovec vector = {data, 100};
  *header = {};
  header->msg_iov = &vector;
  header->msg_iovlen = 1;
  header->msg_control = data + 1024;
  header->msg_controllen = 256;
  const auto feed = [&] { call(SYS_write, connection.server, data, 10); };  // each child takes its own
  feed();
  host_hook = [](const HostBlockView& block) {  // more control data than there was room for
    if (block.number == SYS_recvmsg) core::store_host_word(bounce(offsetof(msghdr, msg_controllen)), 512);
  };
  EXPECT_EXIT(call(SYS_recvmsg, connection.client, header, MSG_DONTWAIT), ExitedWithCode(120), "more control data");
  feed();
  host_hook = [](const HostBlockView& block) {  // a descriptor of the host
    if (block.number != SYS_recvmsg) return;
    core::store_host_word(bounce(offsetof(msghdr, msg_controllen)), 24);
    core::store_host_word(bounce(256), 20);
    core::store_host_word(bounce(264), SOL_SOCKET | static_cast<std::uint64_t>(SCM_RIGHTS) << 32);
  };
  EXPECT_EXIT(call(SYS_recvmsg, connection.client, header, MSG_DONTWAIT), ExitedWithCode(120), "control data");
  host_hook = nullptr;
  feed();
  EXPECT_EQ(call(SYS_recvmsg, connection.client, header, MSG_DONTWAIT), 10);
}

TEST(HostLies, OptionLongerThanAskedAndUnknownError) {
  Connection connection;
  auto* const value = program_memory<int>();
  auto* const size = program_memory<int>();
  *size = sizeof *value;
  host_hook = [](const HostBlockView& block) {
    if (block.number == SYS_getsockopt) core::store_host_word(core::HostAddress(block.arguments[4]), 8);
  };
  EXPECT_EXIT(call(SYS_getsockopt, connection.client, SOL_SOCKET, SO_KEEPALIVE, value, size), ExitedWithCode(120),
              "more than asked");
  host_hook = [](const HostBlockView& block) {
    if (block.number == SYS_getsockopt) core::store_host_word(core::HostAddress(block.arguments[3]), 4095);
  };
  EXPECT_EXIT(call(SYS_getsockopt, connection.client, SOL_SOCKET, SO_ERROR, value, size), ExitedWithCode(120),
              "an error that");
  host_hook = nullptr;
}

TEST(HostLies, PollEventsThatNobodyAskedFor) {
  Connection connection;
  auto* const request = program_memory<pollfd>(2);
  request[0] = {connection.client, POLLIN, 0};
  host_hook = [](const HostBlockView& block) {
    if (block.number != SYS_poll && block.number != SYS_ppoll) return;
    *block.result = 1;
    core::store_host_word(bounce(0),
                          core::load_host_word(bounce(0)).unverified_because("it is this test's own") | 4ULL << 48);
  };
  EXPECT_EXIT(call(SYS_poll, request, 1, 0), ExitedWithCode(120), "host lied in poll");
  request[1] = {connection.server, POLLIN, 0};
  EXPECT_EXIT(call(SYS_poll, request, 2, 0), ExitedWithCode(120), "host lied in poll");
  host_hook = nullptr;
}

struct EpollLie : ::testing::Test {
  EpollLie() {
    epoll = static_cast<int>(call(SYS_epoll_create1, 0));
    *event = {EPOLLIN, {.u64 = 0x1122334455667788}};
    call(SYS_epoll_ctl, epoll, EPOLL_CTL_ADD, connection.client, event);
    call(SYS_write, connection.server, "x", 1);
  }
  ~EpollLie() override {
    host_hook = nullptr;
    call(SYS_close, epoll);
  }
  Connection connection;
  int epoll;
  epoll_event* event = program_memory<epoll_event>(64);
};

// Event 0 in the bounce buffer: events | low half of the token << 32, then its high half.
void set_token(std::uint64_t events, std::uint64_t token) {
  core::store_host_word(bounce(0), events | token << 32);
  core::store_host_word(bounce(8), token >> 32);
}

TEST_F(EpollLie, HonestAnswer) {
  ASSERT_EQ(call(SYS_epoll_wait, epoll, event, 64, 0), 1);
  EXPECT_EQ(event[0].data.u64, 0x1122334455667788u);
  EXPECT_EQ(event[0].events, static_cast<std::uint32_t>(EPOLLIN));
}
TEST_F(EpollLie, UnknownToken) {
  host_hook = [](const HostBlockView& block) {
    if (block.number == SYS_epoll_wait) set_token(EPOLLIN, 77 | 1ULL << 32);
  };
  EXPECT_EXIT(call(SYS_epoll_wait, epoll, event, 64, 0), ExitedWithCode(120), "a token that was never given out");
}
TEST_F(EpollLie, TokenFromTheFuture) {
  host_hook = [](const HostBlockView& block) {
    if (block.number == SYS_epoll_wait) set_token(EPOLLIN, 2 | 9ULL << 32);
  };
  EXPECT_EXIT(call(SYS_epoll_wait, epoll, event, 64, 0), ExitedWithCode(120), "a token that was never given out");
}
TEST_F(EpollLie, EventsThatNobodyAskedFor) {
  host_hook = [](const HostBlockView& block) {
    if (block.number == SYS_epoll_wait)
      core::store_host_word(bounce(0),
                            core::load_host_word(bounce(0)).unverified_because("it is this test's own") | EPOLLOUT);
  };
  EXPECT_EXIT(call(SYS_epoll_wait, epoll, event, 64, 0), ExitedWithCode(120), "events that nobody asked for");
}
TEST_F(EpollLie, MoreEventsThanAsked) {
  host_hook = [](const HostBlockView& block) {
    if (block.number == SYS_epoll_wait) *block.result = 2;
  };
  EXPECT_EXIT(call(SYS_epoll_wait, epoll, event, 1, 0), ExitedWithCode(120), "more than asked");
}
TEST_F(EpollLie, StaleTokenIsDropped) {
  call(SYS_epoll_ctl, epoll, EPOLL_CTL_MOD, connection.client, event);
  host_hook = [](const HostBlockView& block) {
    if (block.number == SYS_epoll_wait) set_token(EPOLLIN, 2 | 1ULL << 32);  // what ADD gave out
  };
  EXPECT_EQ(call(SYS_epoll_wait, epoll, event, 64, 0), 0);
}
TEST_F(EpollLie, OneShotFiresOnce) {
  event[0].events = EPOLLIN | EPOLLONESHOT;
  call(SYS_epoll_ctl, epoll, EPOLL_CTL_MOD, connection.client, event);
  EXPECT_EQ(call(SYS_epoll_wait, epoll, event, 64, 0), 1);
  host_hook = [](const HostBlockView& block) {
    if (block.number != SYS_epoll_wait) return;
    *block.result = 1;
    set_token(EPOLLIN, 2 | 3ULL << 32);  // the same again
  };
  EXPECT_EQ(call(SYS_epoll_wait, epoll, event, 64, 0), 0);
}
TEST_F(EpollLie, TimeOutThatIsNotOver) {
  auto* const byte = program_memory<char>();
  call(SYS_read, connection.client, byte, 1);
  host_hook = [](const HostBlockView& block) {
    static int calls = 0;
    if (block.number == SYS_epoll_wait && ++calls < 5) block.arguments[3] = 0;
  };
  EXPECT_EQ(call(SYS_epoll_wait, epoll, event, 64, 20), 0);
}

// A walk through the calls of a server; every result is only noted.
void serve_once() {
  Connection connection(SOCK_NONBLOCK);
  auto* const event = program_memory<epoll_event>(8);
  auto* const data = program_memory<char>(8192);
  auto* const size = program_memory<int>();
  auto* const address = program_memory<sockaddr_storage>();
  const int epoll = static_cast<int>(call(SYS_epoll_create1, 0));
  *event = {EPOLLIN | EPOLLOUT, {.u64 = 5}};
  call(SYS_epoll_ctl, epoll, EPOLL_CTL_ADD, connection.server, event);
  call(SYS_write, connection.client, data, 100);
  call(SYS_epoll_wait, epoll, event, 8, 0);
  call(SYS_fcntl, connection.server, F_SETFL, O_NONBLOCK);
  call(SYS_read, connection.server, data, 50);
  *size = sizeof *address;
  call(SYS_recvfrom, connection.server, data, 50, MSG_PEEK, address, size);
  call(SYS_getpeername, connection.server, address, size);
  call(SYS_setsockopt, connection.server, SOL_SOCKET, SO_KEEPALIVE, size, 4);
  call(SYS_getsockopt, connection.server, SOL_SOCKET, SO_ERROR, data, size);
  call(SYS_ioctl, connection.server, 0x541b, size);
  pollfd requests[2] = {{connection.client, POLLIN, 0}, {connection.server, POLLOUT, 0}};
  call(SYS_poll, requests, 2, 0);
  int pipes[2];
  call(SYS_pipe, pipes);
  call(SYS_epoll_ctl, epoll, EPOLL_CTL_ADD, pipes[0], event);
  call(SYS_write, pipes[1], data, 10);
  call(SYS_epoll_wait, epoll, event, 8, 0);
  call(SYS_sendto, connection.server, data, 100, 0x8000, nullptr, 0);
  call(SYS_shutdown, connection.server, 2);
  for (const int descriptor : {epoll, pipes[0], pipes[1]}) call(SYS_close, descriptor);
}

std::uint64_t wrong_answer(std::uint64_t honest, unsigned kind) {
  switch (kind) {
    case 0: return static_cast<std::uint64_t>(-EAGAIN);
    case 1: return static_cast<std::uint64_t>(-EFAULT);
    case 2: return honest + 1;
    case 3: return 0x7fff'ffff'ffff'ffff;
    case 4: return static_cast<std::uint64_t>(-4096);
    case 5: return 0;
    default: return static_cast<std::uint64_t>(-EMFILE);
  }
}
unsigned lie_at, lie_kind, calls_seen;

// For every host call and every N: the Nth answer is wrong. The outcome is a result, an error or a stop; no crash, no
// hang.
TEST(HostLies, AnyAnswerMayBeWrong) {
  for (lie_kind = 0; lie_kind < 7; ++lie_kind) {
    for (lie_at = 1; lie_at < 60; ++lie_at) {
      const pid_t child = fork();
      if (child == 0) {
        alarm(10);
        signal(SIGPIPE, SIG_IGN);
        freopen("/dev/null", "w", stderr);
        calls_seen = 0;
        host_hook = [](const HostBlockView& block) {
          if (++calls_seen == lie_at) *block.result = wrong_answer(*block.result, lie_kind);
        };
        serve_once();
        _exit(0);
      }
      int status = 0;
      waitpid(child, &status, 0);
      ASSERT_TRUE(WIFEXITED(status)) << "call " << lie_at << " kind " << lie_kind << " signal " << WTERMSIG(status);
      const int code = WEXITSTATUS(status);
      ASSERT_TRUE(code == 0 || code == 120) << "call " << lie_at << " kind " << lie_kind << " status " << code;
    }
  }
}
}  // namespace
}  // namespace cloister::testing
