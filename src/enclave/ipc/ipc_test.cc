// SPDX-License-Identifier: Apache-2.0
// Pipes, eventfds, timers and socket pairs. Their behaviour against Linux is compared by tests/linux_abi; here are the
// corners.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <numeric>
#include <thread>
#include "src/enclave/core/clock.h"
#include "src/enclave/ipc/byte_ring.h"
#include "src/enclave/ipc/pipe.h"
#include "src/enclave/net/testing/calls.h"

namespace cloister::testing {
namespace {
using kernel::IoVector;

TEST(ByteRing, WrapsAndResizes) {
  ipc::ByteRing ring(10);
  char in[] = "0123456789", out[11] = {};
  EXPECT_EQ(ring.put(IoVector::trusted(in, 8), 0, 100).value(), 8u);
  EXPECT_EQ(ring.take(IoVector::trusted(out, 6)).value(), 6u);
  EXPECT_EQ(ring.put(IoVector::trusted(in, 10), 0, 100).value(), 8u);  // wraps
  EXPECT_EQ(ring.free(), 0u);
  ring.resize(20);
  EXPECT_EQ(ring.put(IoVector::trusted(in, 10), 8, 100).value(), 2u);
  EXPECT_EQ(ring.take(IoVector::trusted(out, 11)).value(), 11u);
  EXPECT_EQ(std::string(out, 11), "67012345678");
}

struct Pipe {
  Pipe() { call(SYS_pipe, ends); }
  ~Pipe() {
    for (const int end : ends)
      if (end >= 0) call(SYS_close, end);
  }
  int ends[2];
};

TEST(Pipe, CapacityCanChange) {
  Pipe pipe;
  char block[8192] = {};
  EXPECT_EQ(call(SYS_fcntl, pipe.ends[1], F_GETPIPE_SZ), 65536);
  EXPECT_EQ(call(SYS_fcntl, pipe.ends[1], F_SETPIPE_SZ, 5000), 8192);
  EXPECT_EQ(call(SYS_write, pipe.ends[1], block, 8192), 8192);
  EXPECT_EQ(call(SYS_fcntl, pipe.ends[1], F_SETPIPE_SZ, 4096), -EBUSY);
  EXPECT_EQ(call(SYS_fcntl, pipe.ends[1], F_SETPIPE_SZ, 1 << 21), -EPERM);
}

TEST(Pipe, NoHostCalls) {
  Pipe pipe;
  char byte = 'x';
  call(SYS_write, pipe.ends[1], &byte, 1);
  const std::uint64_t before = host_call_total;
  for (int i = 0; i < 100; ++i) {
    call(SYS_write, pipe.ends[1], &byte, 1);
    call(SYS_read, pipe.ends[0], &byte, 1);
  }
  EXPECT_EQ(host_call_total, before);
}

TEST(Pipe, ManyWritersStayWhole) {
  Pipe pipe;
  constexpr int kWriters = 4, kMessages = 500;
  constexpr std::size_t kSize = 3000;  // below PIPE_BUF: must not mix
  std::vector<std::thread> writers;
  for (int i = 0; i < kWriters; ++i)
    writers.emplace_back([&, i] {
      const std::vector<char> message(kSize, static_cast<char>('a' + i));
      for (int n = 0; n < kMessages; ++n)
        EXPECT_EQ(call(SYS_write, pipe.ends[1], message.data(), kSize), static_cast<long>(kSize));
    });
  std::vector<char> all;
  char block[7001];
  while (all.size() < kWriters * kMessages * kSize) {
    const long got = call(SYS_read, pipe.ends[0], block, sizeof block);
    ASSERT_GT(got, 0);
    all.insert(all.end(), block, block + got);
  }
  for (std::thread& writer : writers) writer.join();
  for (std::size_t at = 0; at < all.size(); at += kSize)
    for (std::size_t i = 1; i < kSize; ++i) ASSERT_EQ(all[at], all[at + i]);
}

// splice holds what its target has not taken yet.
TEST(Pipe, WhatIsLentKeepsItsPlace) {
  ipc::Pipe pipe;
  pipe.add({.reads = true, .writes = true});
  char in[] = "abcdef", out[7] = {};
  EXPECT_EQ(pipe.write(current_task(), IoVector::trusted(in, 6), ipc::Blocking::forbidden).value(), 6u);
  const auto lent = pipe.lend(4, ipc::Blocking::forbidden).take();
  ASSERT_EQ(lent.size(), 4u);
  EXPECT_EQ(pipe.read(IoVector::trusted(out, 6), ipc::Blocking::forbidden).error().errno_value(), EAGAIN);
  EXPECT_EQ(pipe.lend(2, ipc::Blocking::forbidden).error().errno_value(), EAGAIN);
  pipe.take_back(std::span(lent).subspan(1), lent.size());
  EXPECT_EQ(pipe.read(IoVector::trusted(out, 6), ipc::Blocking::forbidden).value(), 5u);
  EXPECT_EQ(std::string(out), "bcdef");
}

TEST(EventFd, SemaphoreWakesEachWaiter) {
  const int event = static_cast<int>(call(SYS_eventfd2, 0, EFD_SEMAPHORE));
  std::atomic<int> woken{0};
  std::vector<std::thread> waiters;
  for (int i = 0; i < 4; ++i)
    waiters.emplace_back([&] {
      std::uint64_t value;
      EXPECT_EQ(call(SYS_read, event, &value, 8), 8);
      EXPECT_EQ(value, 1u);
      ++woken;
    });
  std::uint64_t four = 4;
  call(SYS_write, event, &four, 8);
  for (std::thread& waiter : waiters) waiter.join();
  EXPECT_EQ(woken, 4);
  call(SYS_close, event);
}

TEST(TimerFd, ExpirationsSinceTheLastRead) {
  const int timer = static_cast<int>(call(SYS_timerfd_create, CLOCK_MONOTONIC, 0));
  itimerspec setting = {{0, 5'000'000}, {0, 1}}, now;
  ASSERT_EQ(call(SYS_timerfd_settime, timer, 0, &setting, nullptr), 0);
  usleep(52'000);
  std::uint64_t count = 0;
  EXPECT_EQ(call(SYS_read, timer, &count, 8), 8);
  EXPECT_GE(count, 10u);
  EXPECT_EQ(call(SYS_timerfd_gettime, timer, &now), 0);
  EXPECT_EQ(now.it_interval.tv_nsec, 5'000'000);
  const std::uint64_t begin = core::monotonic_now();
  EXPECT_EQ(call(SYS_read, timer, &count, 8), 8);  // waits for the next
  EXPECT_LT(core::monotonic_now() - begin, 1'000'000'000u);
  call(SYS_close, timer);
}

TEST(TimerFd, SettingWakesWhoWaits) {
  const int timer = static_cast<int>(call(SYS_timerfd_create, CLOCK_MONOTONIC, 0));
  itimerspec late = {{0, 0}, {1000, 0}}, soon = {{0, 0}, {0, 1'000'000}};
  call(SYS_timerfd_settime, timer, 0, &late, nullptr);
  std::thread setter([&] {
    usleep(20'000);
    call(SYS_timerfd_settime, timer, 0, &soon, nullptr);
  });
  std::uint64_t count;
  EXPECT_EQ(call(SYS_read, timer, &count, 8), 8);
  setter.join();
  call(SYS_timerfd_settime, timer, 0, &late, nullptr);
  pollfd request = {timer, POLLIN, 0};
  std::thread again([&] {
    usleep(20'000);
    call(SYS_timerfd_settime, timer, 0, &soon, nullptr);
  });
  EXPECT_EQ(call(SYS_poll, &request, 1, 5000), 1);
  again.join();
  call(SYS_close, timer);
}

TEST(SocketPair, StreamBlocksAndGoesOn) {
  int ends[2];
  ASSERT_EQ(call(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, ends), 0);
  constexpr std::size_t kSize = 4 << 20;
  std::vector<std::uint8_t> out(kSize), in(kSize);
  std::iota(out.begin(), out.end(), 0);
  for (std::size_t i = 0; i < kSize; ++i) out[i] = static_cast<std::uint8_t>(i * 2654435761u >> 13);
  std::thread writer([&] { EXPECT_EQ(call(SYS_write, ends[0], out.data(), kSize), static_cast<long>(kSize)); });
  EXPECT_EQ(call(SYS_recvfrom, ends[1], in.data(), kSize, MSG_WAITALL, nullptr, nullptr), static_cast<long>(kSize));
  writer.join();
  EXPECT_TRUE(in == out);
  for (const int end : ends) call(SYS_close, end);
}

TEST(SocketPair, TimeOutAndReset) {
  int ends[2];
  ASSERT_EQ(call(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, ends), 0);
  timeval time = {0, 20'000};
  char byte = 'x';
  EXPECT_EQ(call(SYS_setsockopt, ends[0], SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time), 0);
  EXPECT_EQ(call(SYS_read, ends[0], &byte, 1), -EAGAIN);
  EXPECT_EQ(call(SYS_write, ends[0], &byte, 1), 1);
  call(SYS_close, ends[1]);  // with data unread
  EXPECT_EQ(call(SYS_read, ends[0], &byte, 1), -ECONNRESET);
  EXPECT_EQ(call(SYS_read, ends[0], &byte, 1), 0);
  call(SYS_close, ends[0]);
}

TEST(SocketPair, PassedFilesWithoutRoomAreLetGo) {
  int ends[2];
  Pipe pipe;
  ASSERT_EQ(call(SYS_socketpair, AF_UNIX, SOCK_DGRAM, 0, ends), 0);
  alignas(8) char control[CMSG_SPACE(sizeof(int))] = {};
  char byte = 'f';
  iovec vector = {&byte, 1};
  msghdr message = {};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  *header = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
  std::memcpy(CMSG_DATA(header), &pipe.ends[1], sizeof(int));
  EXPECT_EQ(call(SYS_sendmsg, ends[0], &message, 0), 1);
  call(SYS_close, pipe.ends[1]);
  pipe.ends[1] = -1;
  message.msg_controllen = 0;
  message.msg_control = nullptr;
  EXPECT_EQ(call(SYS_recvmsg, ends[1], &message, 0), 1);
  EXPECT_NE(message.msg_flags & MSG_CTRUNC, 0);
  EXPECT_EQ(call(SYS_read, pipe.ends[0], &byte, 1), 0);  // the last write end is gone
  for (const int end : ends) call(SYS_close, end);
}
}  // namespace
}  // namespace cloister::testing
