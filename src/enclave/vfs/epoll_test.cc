// SPDX-License-Identifier: Apache-2.0
// epoll: what tests/linux_abi does not reach, above all many threads. Descriptors of the host and of the enclave
// together.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <deque>
#include <thread>
#include "src/enclave/core/clock.h"
#include "src/enclave/net/testing/calls.h"

namespace cloister::testing {
namespace {

struct EpollTest : ::testing::Test {
  EpollTest() { epoll = static_cast<int>(call(SYS_epoll_create1, 0)); }
  ~EpollTest() override { call(SYS_close, epoll); }
  long add(int descriptor, std::uint32_t what, std::uint64_t data) {
    return control(EPOLL_CTL_ADD, descriptor, what, data);
  }
  long control(int operation, int descriptor, std::uint32_t what, std::uint64_t data) {
    epoll_event event = {what, {.u64 = data}};
    return call(SYS_epoll_ctl, epoll, operation, descriptor, &event);
  }
  long wait(int time_out, int count = 64) { return call(SYS_epoll_wait, epoll, events, count, time_out); }
  int epoll;
  epoll_event* events = program_memory<epoll_event>(64);
};

int make_eventfd() { return static_cast<int>(call(SYS_eventfd2, 0, EFD_NONBLOCK)); }
void signal_event(int event) {
  const std::uint64_t one = 1;
  call(SYS_write, event, &one, 8);
}

TEST_F(EpollTest, WaitingIsOneHostCallWhateverTheNumberOfConnections) {
  Connection connections[40];
  for (const Connection& each : connections) ASSERT_EQ(add(each.server, EPOLLIN, 1), 0);
  call(SYS_write, connections[7].client, "x", 1);
  const std::uint64_t before = host_call_total;
  EXPECT_EQ(wait(1000), 1);
  EXPECT_EQ(host_call_total - before, 1u);
  const int event = make_eventfd();
  add(event, EPOLLIN, 2);
  wait(0);  // finds that the new member is not ready
  const std::uint64_t again = host_call_total;
  EXPECT_EQ(wait(1000), 1);
  EXPECT_EQ(host_call_total - again, 1u);
  call(SYS_close, event);
}

// Readable sockets that the thread reads one after the other: the exit of the first read receives from the next eight.
TEST_F(EpollTest, OneExitReceivesFromSeveralConnections) {
  constexpr std::uint64_t kCount = 12;
  std::deque<Connection> connections;
  char* const data = program_memory<char>(100);
  for (std::uint64_t i = 0; i < kCount; ++i) {
    connections.emplace_back(SOCK_NONBLOCK);
    add(connections[i].server, EPOLLIN, i);
  }
  for (int round = 0; round < 3; ++round) {
    for (const Connection& each : connections) call(SYS_write, each.client, "request", 7);
    ASSERT_EQ(wait(1000), static_cast<long>(kCount));
    const std::uint64_t exits = exit_total, host_calls = host_call_total;
    for (std::uint64_t i = 0; i < kCount; ++i)
      EXPECT_EQ(call(SYS_read, connections[events[i].data.u64].server, data, 100), 7);
    EXPECT_EQ(host_call_total - host_calls, kCount);
    EXPECT_EQ(exit_total - exits, round == 0 ? kCount : 2);  // in the first round nobody has read from them
  }
}

// What is written to such connections waits for the next exit, up to sixteen of them.
struct WriteBehindTest : EpollTest {
  WriteBehindTest() {
    has_ticks = true;
    current_task().thread->ticks = core::Ticks::unasked;
  }
  ~WriteBehindTest() override {
    host_hook = nullptr;
    has_ticks = false;
    current_task().thread->ticks = core::Ticks::unasked;
  }
  void connect(std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
      connections.emplace_back(SOCK_NONBLOCK);
      add(connections[i].server, EPOLLIN, i);
      for (int early = 0; early < 3; ++early) {
        EXPECT_EQ(say(i), 6);
        EXPECT_EQ(call(SYS_read, connections[i].client, data, 100), 6);
      }
    }
  }
  long say(std::uint64_t i) { return call(SYS_write, connections[i].server, answer, 6); }
  std::deque<Connection> connections;
  char* const answer = program_memory<char>(6);
  char* const data = program_memory<char>(100);
};

TEST_F(WriteBehindTest, SendsGoOutWithTheNextExit) {
  constexpr std::uint64_t kCount = 20;
  connect(kCount);
  for (int round = 0; round < 3; ++round) {
    const std::uint64_t exits = exit_total, host_calls = host_call_total;
    for (std::uint64_t i = 0; i < kCount; ++i) EXPECT_EQ(say(i), 6);
    EXPECT_EQ(exit_total - exits, 1u);
    EXPECT_EQ(host_call_total - host_calls, 16u);
    EXPECT_EQ(wait(0), 0);
    EXPECT_EQ(exit_total - exits, 2u);
    EXPECT_EQ(host_call_total - host_calls, kCount + 1);
    for (const Connection& each : connections) EXPECT_EQ(call(SYS_read, each.client, data, 100), 6);
  }
}

TEST_F(WriteBehindTest, WhatTheHostDidNotTakeIsSentAgain) {
  connect(1);
  host_hook = [](const HostBlockView& block) {
    if (block.number != SYS_sendto) return;
    host_hook = nullptr;
    *block.result = static_cast<std::uint64_t>(-EAGAIN);
  };
  EXPECT_EQ(say(0), 6);
  EXPECT_EQ(wait(0), 0);
  EXPECT_EQ(call(SYS_read, connections[0].client, data, 100), 12);  // the hook only said that it was not taken
}

TEST_F(WriteBehindTest, AnErrorIsToldWhereTheStreamEnds) {
  connect(1);
  host_hook = [](const HostBlockView& block) {
    if (block.number == SYS_sendto) *block.result = static_cast<std::uint64_t>(-ECONNRESET);
  };
  EXPECT_EQ(say(0), 6);
  EXPECT_EQ(wait(0), 0);
  host_hook = nullptr;
  EXPECT_EQ(call(SYS_read, connections[0].server, data, 100), -EAGAIN);
  EXPECT_EQ(call(SYS_read, connections[0].client, data, 100), 6);  // the hook only said that it was not taken
  EXPECT_EQ(call(SYS_read, connections[0].client, data, 100), 0);  // and no hole in the stream
  EXPECT_EQ(call(SYS_write, connections[0].client, "more", 4), 4);
  call(SYS_shutdown, connections[0].client, SHUT_WR);
  EXPECT_EQ(call(SYS_read, connections[0].server, data, 100), 4);
  EXPECT_EQ(call(SYS_read, connections[0].server, data, 100), -ECONNRESET);
  EXPECT_EQ(call(SYS_read, connections[0].server, data, 100), 0);
  EXPECT_EQ(call(SYS_sendto, connections[0].server, answer, 6, MSG_NOSIGNAL, nullptr, 0), -EPIPE);
}

// The second of two to one socket must not overtake what the host says it did not take of the first.
TEST_F(WriteBehindTest, AfterAnErrorNothingFollows) {
  connect(1);
  host_hook = [](const HostBlockView& block) {
    if (block.number != SYS_sendto) return;
    host_hook = nullptr;
    *block.result = static_cast<std::uint64_t>(-ECONNRESET);
  };
  EXPECT_EQ(say(0), 6);
  EXPECT_EQ(say(0), 6);
  EXPECT_EQ(wait(0), 0);
  EXPECT_EQ(call(SYS_read, connections[0].client, data, 100), 6);  // the first, of which the hook only said so
  EXPECT_EQ(call(SYS_read, connections[0].client, data, 100), 0);
}

TEST_F(WriteBehindTest, MoreThanWasSentIsALie) {
  connect(1);
  host_hook = [](const HostBlockView& block) {
    if (block.number == SYS_sendto) *block.result = 7;
  };
  EXPECT_EQ(say(0), 6);
  EXPECT_EXIT(wait(0), ::testing::ExitedWithCode(120), "host lied in sendto: more than asked");
  host_hook = nullptr;
  wait(0);
}

TEST_F(EpollTest, InsideMembersNeedNoHostCall) {
  const int event = make_eventfd();
  add(event, EPOLLIN, 2);
  signal_event(event);
  const std::uint64_t before = host_call_total;
  EXPECT_EQ(wait(1000), 1);
  EXPECT_EQ(host_call_total, before);
  call(SYS_close, event);
}

TEST_F(EpollTest, OddAndEvenEventsComeOutWhole) {
  Connection connections[9];
  for (std::uint64_t i = 0; i < 9; ++i) {
    add(connections[i].server, EPOLLIN | EPOLLOUT, i * 0x0101'0101'0101'0101);
    call(SYS_write, connections[i].client, "x", 1);
  }
  ASSERT_EQ(wait(100), 9);
  std::uint64_t seen = 0;
  for (int i = 0; i < 9; ++i) {
    EXPECT_EQ(events[i].events, static_cast<std::uint32_t>(EPOLLIN | EPOLLOUT));
    EXPECT_EQ(events[i].data.u64 % 0x0101'0101'0101'0101, 0u);
    seen |= 1u << (events[i].data.u64 & 15);
  }
  EXPECT_EQ(seen, 0x1ffu);
}

TEST_F(EpollTest, NeitherSideStarves) {
  Connection connection;
  const int event = make_eventfd();
  add(event, EPOLLIN, 1);
  add(connection.server, EPOLLOUT, 2);
  signal_event(event);
  int inside = 0, host = 0;
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(wait(0, 1), 1);
    ++(events[0].data.u64 == 1 ? inside : host);
  }
  EXPECT_GE(inside, 5);
  EXPECT_GE(host, 5);
  call(SYS_close, event);
}

TEST_F(EpollTest, TimerEndsTheWaitForTheHost) {
  Connection connection;
  const int timer = static_cast<int>(call(SYS_timerfd_create, CLOCK_MONOTONIC, TFD_NONBLOCK));
  add(connection.server, EPOLLIN, 1);
  add(timer, EPOLLIN | EPOLLET, 2);
  itimerspec setting = {{0, 10'000'000}, {0, 10'000'000}};
  call(SYS_timerfd_settime, timer, 0, &setting, nullptr);
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(wait(5000), 1);
    EXPECT_EQ(events[0].data.u64, 2u);
    EXPECT_EQ(wait(30), 0);  // by edge: the next one comes after it is read
    std::uint64_t expirations;
    EXPECT_EQ(call(SYS_read, timer, &expirations, sizeof expirations), 8);
    EXPECT_GE(expirations, 2u);
  }
  call(SYS_close, timer);
}

TEST_F(EpollTest, TimerSetByAnotherThread) {
  const int timer = static_cast<int>(call(SYS_timerfd_create, CLOCK_MONOTONIC, TFD_NONBLOCK));
  add(timer, EPOLLIN, 2);
  std::thread setter([&] {
    usleep(20'000);
    itimerspec setting = {{0, 0}, {0, 1'000'000}};
    call(SYS_timerfd_settime, timer, 0, &setting, nullptr);
  });
  const std::uint64_t begin = core::monotonic_now();
  EXPECT_EQ(wait(5000), 1);
  EXPECT_LT(core::monotonic_now() - begin, 2'000'000'000u);
  setter.join();
  call(SYS_close, timer);
}

TEST_F(EpollTest, MemberAddedWhileAnotherThreadWaits) {
  Connection connection;
  add(connection.server, EPOLLIN, 1);
  const int event = make_eventfd();
  signal_event(event);
  std::thread adder([&] {
    usleep(20'000);
    EXPECT_EQ(add(event, EPOLLIN, 2), 0);
  });
  const std::uint64_t begin = core::monotonic_now();
  EXPECT_EQ(wait(5000), 1);
  EXPECT_EQ(events[0].data.u64, 2u);
  EXPECT_LT(core::monotonic_now() - begin, 2'000'000'000u);
  adder.join();
  call(SYS_close, event);
}

TEST_F(EpollTest, TimeOutIsKeptWhenTheKernelStoreyTakesOver) {
  Connection connection;
  add(connection.server, EPOLLIN, 1);
  const int event = make_eventfd();
  std::thread adder([&] {
    usleep(40'000);
    add(event, EPOLLIN, 2);  // wakes the waiter for nothing
  });
  const std::uint64_t begin = core::monotonic_now();
  EXPECT_EQ(wait(100), 0);
  const std::uint64_t lasted = core::monotonic_now() - begin;
  EXPECT_GE(lasted, 99'000'000u);
  EXPECT_LT(lasted, 135'000'000u);
  adder.join();
  call(SYS_close, event);
}

TEST_F(EpollTest, ClosedFilesLeave) {
  const int event = make_eventfd();
  add(event, EPOLLIN, 2);
  signal_event(event);
  const int copy = static_cast<int>(call(SYS_dup, event));
  call(SYS_close, event);
  EXPECT_EQ(wait(0), 1);  // the description lives on in the copy
  call(SYS_close, copy);
  EXPECT_EQ(wait(0), 0);
  Connection connection;
  add(connection.server, EPOLLOUT, 3);
  EXPECT_EQ(wait(0), 1);
}

TEST_F(EpollTest, LoopsAreRefused) {
  const int second = static_cast<int>(call(SYS_epoll_create1, 0)), third = static_cast<int>(call(SYS_epoll_create1, 0));
  epoll_event event = {EPOLLIN, {.u64 = 0}};
  EXPECT_EQ(add(second, EPOLLIN, 0), 0);
  EXPECT_EQ(call(SYS_epoll_ctl, second, EPOLL_CTL_ADD, third, &event), 0);
  EXPECT_EQ(call(SYS_epoll_ctl, third, EPOLL_CTL_ADD, epoll, &event), -ELOOP);
  EXPECT_EQ(call(SYS_epoll_ctl, epoll, EPOLL_CTL_ADD, epoll, &event), -EINVAL);
  event.events = EPOLLIN | EPOLLEXCLUSIVE;
  EXPECT_EQ(call(SYS_epoll_ctl, third, EPOLL_CTL_ADD, second, &event), -EINVAL);
  call(SYS_close, second);
  call(SYS_close, third);
}

TEST_F(EpollTest, NestedOneShotDoesNotSpin) {
  Connection connection;
  const int inner = static_cast<int>(call(SYS_epoll_create1, 0));
  epoll_event event = {EPOLLIN, {.u64 = 0}};
  call(SYS_epoll_ctl, inner, EPOLL_CTL_ADD, connection.server, &event);
  add(inner, EPOLLIN | EPOLLONESHOT, 4);
  call(SYS_write, connection.client, "x", 1);
  EXPECT_EQ(wait(1000), 1);
  const std::uint64_t before = host_call_total;
  EXPECT_EQ(wait(30), 0);
  EXPECT_LT(host_call_total - before, 10u);
  EXPECT_EQ(control(EPOLL_CTL_MOD, inner, EPOLLIN | EPOLLONESHOT, 4), 0);
  EXPECT_EQ(wait(1000), 1);
  call(SYS_close, inner);
}

// Each event of an edge-triggered one-shot member reaches exactly one of several waiting threads, and none is lost.
void pass_events(int (*make)(int ends[2]), int rounds) {
  const int epoll = static_cast<int>(call(SYS_epoll_create1, 0));
  int ends[2];
  ASSERT_EQ(make(ends), 0);
  call(SYS_fcntl, ends[0], F_SETFL, O_NONBLOCK);
  epoll_event event = {EPOLLIN | EPOLLONESHOT, {.u64 = 1}};
  call(SYS_epoll_ctl, epoll, EPOLL_CTL_ADD, ends[0], &event);
  std::atomic<int> received{0};
  std::atomic<int> inside{0};
  std::vector<std::thread> workers;
  for (int i = 0; i < 4; ++i)
    workers.emplace_back([&] {
      auto* const out = program_memory<epoll_event>(4);
      while (received < rounds) {
        if (call(SYS_epoll_wait, epoll, out, 4, 50) != 1) continue;
        EXPECT_EQ(inside.fetch_add(1), 0);  // one at a time
        char byte;
        while (call(SYS_read, ends[0], &byte, 1) == 1) ++received;
        inside.fetch_sub(1);
        epoll_event again = {EPOLLIN | EPOLLONESHOT, {.u64 = 1}};
        call(SYS_epoll_ctl, epoll, EPOLL_CTL_MOD, ends[0], &again);
      }
    });
  for (int i = 0; i < rounds; ++i) {
    EXPECT_EQ(call(SYS_write, ends[1], "x", 1), 1);
    if (i % 64 == 0) usleep(100);
  }
  const std::uint64_t begin = core::monotonic_now();
  for (std::thread& worker : workers) worker.join();
  EXPECT_LT(core::monotonic_now() - begin, 10'000'000'000u);
  EXPECT_EQ(received, rounds);
  for (const int descriptor : {ends[0], ends[1], epoll}) call(SYS_close, descriptor);
}

TEST(EpollThreads, OneShotOfTheEnclave) {
  pass_events([](int ends[2]) { return static_cast<int>(call(SYS_pipe, ends)); }, 5000);
}
TEST(EpollThreads, OneShotOfTheHost) {
  pass_events(
      [](int ends[2]) {
        Connection connection;
        ends[0] = static_cast<int>(call(SYS_dup, connection.server));
        ends[1] = static_cast<int>(call(SYS_dup, connection.client));
        return 0;
      },
      5000);
}

// Registration, closing and waiting at the same time: no stale event is believed, nothing honest is taken for a lie.
TEST(EpollThreads, DescriptorsComeAndGo) {
  const int epoll = static_cast<int>(call(SYS_epoll_create1, 0));
  std::atomic<bool> stop{false};
  std::thread waiter([&] {
    auto* const out = program_memory<epoll_event>(64);
    while (!stop) {
      const long count = call(SYS_epoll_wait, epoll, out, 64, 5);
      EXPECT_GE(count, 0);
      for (long i = 0; i < count; ++i) EXPECT_EQ(out[i].data.u64 >> 32, 0xabcdu);
    }
  });
  Connection connection;
  std::vector<std::thread> changers;
  for (int t = 0; t < 2; ++t)
    changers.emplace_back([&, t] {
      for (std::uint32_t i = 0; i < 1500; ++i) {
        const int descriptor = t == 0 ? static_cast<int>(call(SYS_dup, connection.server)) : make_eventfd();
        epoll_event event = {EPOLLIN | EPOLLOUT, {.u64 = 0xabcdULL << 32 | i}};
        EXPECT_EQ(call(SYS_epoll_ctl, epoll, EPOLL_CTL_ADD, descriptor, &event), 0);
        event.events = EPOLLIN | EPOLLONESHOT;
        EXPECT_EQ(call(SYS_epoll_ctl, epoll, EPOLL_CTL_MOD, descriptor, &event), 0);
        // A duplicate that is only closed stays a member, as on Linux; a file that ends leaves by itself.
        if (t == 0 || i % 2 == 0) {
          EXPECT_EQ(call(SYS_epoll_ctl, epoll, EPOLL_CTL_DEL, descriptor, nullptr), 0);
        }
        EXPECT_EQ(call(SYS_close, descriptor), 0);
      }
    });
  for (std::thread& changer : changers) changer.join();
  stop = true;
  waiter.join();
  call(SYS_close, epoll);
}
}  // namespace
}  // namespace cloister::testing
