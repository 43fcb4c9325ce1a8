// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/kernel/deadline_queue.h"
#include <gtest/gtest.h>

namespace cloister::kernel {
namespace {
struct Event final : TimedEvent {
  std::uint64_t come_due(std::uint64_t) override { return DeadlineQueue::kNever; }
};

TEST(DeadlineQueue, OrderAndEarliest) {
  DeadlineQueue queue;
  const auto a = std::make_shared<Event>(), b = std::make_shared<Event>(), c = std::make_shared<Event>();
  EXPECT_EQ(queue.earliest(), DeadlineQueue::kNever);
  EXPECT_TRUE(queue.set(a, 20));
  EXPECT_FALSE(queue.set(b, 30));
  EXPECT_TRUE(queue.set(c, 10));
  EXPECT_EQ(queue.take_due(9), nullptr);
  EXPECT_EQ(queue.take_due(20), c);
  EXPECT_EQ(queue.take_due(20), a);
  EXPECT_EQ(queue.take_due(20), nullptr);
  EXPECT_EQ(queue.earliest(), 30u);
}

TEST(DeadlineQueue, ADeadlineIsReplaced) {
  DeadlineQueue queue;
  const auto a = std::make_shared<Event>(), b = std::make_shared<Event>();
  queue.set(a, 10);
  queue.set(b, 10);
  EXPECT_FALSE(queue.set(a, 40));
  EXPECT_TRUE(queue.set(b, DeadlineQueue::kNever));
  EXPECT_FALSE(queue.contains(b.get()));
  EXPECT_EQ(queue.earliest(), 40u);
  EXPECT_EQ(queue.take_due(40), a);
  EXPECT_FALSE(queue.contains(a.get()));
  EXPECT_FALSE(queue.set(a, DeadlineQueue::kNever));
}
}  // namespace
}  // namespace cloister::kernel
