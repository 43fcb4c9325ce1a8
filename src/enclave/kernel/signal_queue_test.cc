// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/kernel/signal_queue.h"
#include <gtest/gtest.h>

namespace cloister::kernel {
namespace {
siginfo_t make(int signal, int value = 0) {
  siginfo_t info{};
  info.si_signo = signal;
  info.si_value.sival_int = value;
  return info;
}

TEST(SignalQueue, StandardSignalsArePendingOnce) {
  PendingSignals pending;
  EXPECT_TRUE(enqueue_signal(pending, make(SIGUSR1, 1)));
  EXPECT_FALSE(enqueue_signal(pending, make(SIGUSR1, 2)));
  siginfo_t info;
  ASSERT_TRUE(dequeue_signal(pending, ~0ULL, &info));
  EXPECT_EQ(info.si_value.sival_int, 1);
  EXPECT_EQ(pending.set, 0u);
  EXPECT_FALSE(dequeue_signal(pending, ~0ULL, &info));
}

TEST(SignalQueue, RealTimeSignalsKeepTheirOrder) {
  PendingSignals pending;
  for (int value = 1; value <= 3; ++value) EXPECT_TRUE(enqueue_signal(pending, make(40, value)));
  for (int value = 1; value <= 3; ++value) {
    EXPECT_NE(pending.set & signal_bit(40), 0u);
    siginfo_t info;
    ASSERT_TRUE(dequeue_signal(pending, signal_bit(40), &info));
    EXPECT_EQ(info.si_value.sival_int, value);
  }
  EXPECT_EQ(pending.set, 0u);
  EXPECT_TRUE(pending.queue.empty());
}

TEST(SignalQueue, TimersAreQueuedBesideOthers) {
  PendingSignals pending;
  EXPECT_TRUE(enqueue_signal(pending, make(SIGALRM, 1)));
  EXPECT_TRUE(enqueue_signal(pending, make(SIGALRM, 2), Repeat::always));
  siginfo_t info;
  ASSERT_TRUE(dequeue_signal(pending, ~0ULL, &info));
  EXPECT_NE(pending.set, 0u);
  ASSERT_TRUE(dequeue_signal(pending, ~0ULL, &info));
  EXPECT_EQ(info.si_value.sival_int, 2);
  EXPECT_EQ(pending.set, 0u);
}

TEST(SignalQueue, FaultsComeFirstThenTheLowestNumber) {
  PendingSignals pending;
  for (int signal : {SIGTERM, SIGHUP, SIGSEGV, 35}) enqueue_signal(pending, make(signal));
  for (int expected : {SIGSEGV, SIGHUP, SIGTERM, 35}) {
    siginfo_t info;
    ASSERT_TRUE(dequeue_signal(pending, ~0ULL, &info));
    EXPECT_EQ(info.si_signo, expected);
  }
}

TEST(SignalQueue, BlockedSignalsStay) {
  PendingSignals pending;
  enqueue_signal(pending, make(SIGUSR1));
  enqueue_signal(pending, make(SIGUSR2));
  siginfo_t info;
  ASSERT_TRUE(dequeue_signal(pending, ~signal_bit(SIGUSR1), &info));
  EXPECT_EQ(info.si_signo, SIGUSR2);
  EXPECT_FALSE(dequeue_signal(pending, ~signal_bit(SIGUSR1), &info));
  EXPECT_EQ(pending.set, signal_bit(SIGUSR1));
}

TEST(SignalQueue, DiscardTakesAllOfThem) {
  PendingSignals pending;
  for (int i = 0; i < 3; ++i) enqueue_signal(pending, make(40, i));
  enqueue_signal(pending, make(SIGTSTP));
  enqueue_signal(pending, make(SIGUSR1));
  discard_signals(pending, signal_bit(40) | kStopSignals);
  EXPECT_EQ(pending.set, signal_bit(SIGUSR1));
  EXPECT_EQ(pending.queue.size(), 1u);
}

TEST(SignalQueue, DefaultActions) {
  EXPECT_EQ(default_action(SIGTERM), DefaultAction::terminate);
  EXPECT_EQ(default_action(SIGPIPE), DefaultAction::terminate);
  EXPECT_EQ(default_action(SIGABRT), DefaultAction::dump_core);
  EXPECT_EQ(default_action(SIGCHLD), DefaultAction::ignore);
  EXPECT_EQ(default_action(SIGCONT), DefaultAction::resume);
  EXPECT_EQ(default_action(SIGTSTP), DefaultAction::stop);
  EXPECT_EQ(default_action(64), DefaultAction::terminate);
}

TEST(SignalQueue, WhatIsIgnored) {
  EXPECT_TRUE(is_ignored({kIgnoreHandler, 0, 0, 0}, SIGTERM));
  EXPECT_TRUE(is_ignored({kDefaultHandler, 0, 0, 0}, SIGWINCH));
  EXPECT_TRUE(is_ignored({kDefaultHandler, 0, 0, 0}, SIGCONT));
  EXPECT_FALSE(is_ignored({kDefaultHandler, 0, 0, 0}, SIGTERM));
  EXPECT_FALSE(is_ignored({0x401000, 0, 0, 0}, SIGWINCH));
}
}  // namespace
}  // namespace cloister::kernel
