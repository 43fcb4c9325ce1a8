// SPDX-License-Identifier: Apache-2.0
#include "src/cas/server/refusal_rows.h"
#include <gtest/gtest.h>

namespace cloister::cas {
namespace {

constexpr std::uint64_t kNow = 1'790'000'000'000;

Release refusal(audit::Actor::Kind actor, std::uint64_t time = kNow) {
  Release refused;
  refused.outcome = release::Deny::Code::host;
  refused.entry.kind = audit::Kind::attestation_refused;
  refused.entry.time = time;
  refused.entry.actor.kind = actor;
  refused.entry.reference = "0123456789abcdef";
  refused.entry.text = "cause";
  return refused;
}

TEST(RefusalRows, StrangersFillNoDisk) {
  RefusalRows rows;
  const TimeBound bound;
  std::size_t written = 0;
  for (int i = 0; i < 10000; ++i) {
    Release refused = refusal(audit::Actor::Kind::unknown);
    if (rows.admit(refused, bound)) {
      ++written;
      EXPECT_EQ(refused.entry.reference, "0123456789abcdef");
      EXPECT_EQ(refused.entry.text, "cause");
    } else {
      EXPECT_EQ(refused.entry.reference, kNotWritten);
    }
  }
  EXPECT_EQ(written, RefusalBudget::kBurst);
  // The next one that is written says how many were not.
  Release later = refusal(audit::Actor::Kind::unknown, kNow + RefusalBudget::kInterval);
  EXPECT_TRUE(rows.admit(later, bound));
  EXPECT_EQ(later.entry.text, "cause; 9940 more refusals before it were not written down");
}

TEST(RefusalRows, StrangersUseUpNobodyElsesRows) {
  RefusalRows rows;
  const TimeBound bound;
  for (int i = 0; i < 1000; ++i) {
    Release stranger = refusal(audit::Actor::Kind::unknown);
    (void)rows.admit(stranger, bound);
  }
  Release proven = refusal(audit::Actor::Kind::enclave);
  EXPECT_TRUE(rows.admit(proven, bound));
  EXPECT_EQ(proven.entry.text, "cause");
}

TEST(RefusalRows, WhatMovesTheBoundOfTimeIsAlwaysWritten) {
  RefusalRows rows;
  TimeBound bound;
  const std::vector<CollateralMark> marks{{.root = "ab", .document = "crl/cd", .issued = 1'790'000'000, .number = 7}};
  for (int i = 0; i < 1000; ++i) {
    Release stranger = refusal(audit::Actor::Kind::unknown);
    (void)rows.admit(stranger, bound);
  }
  Release revoked = refusal(audit::Actor::Kind::unknown);
  revoked.seen = marks;
  EXPECT_TRUE(rows.admit(revoked, bound));
  bound.note(marks);
  EXPECT_FALSE(rows.admit(revoked, bound));
}

TEST(RefusalRows, LongCausesHaveRoomForTheCount) {
  RefusalRows rows;
  const TimeBound bound;
  Release refused = refusal(audit::Actor::Kind::unknown);
  for (std::uint64_t i = 0; i <= RefusalBudget::kBurst; ++i) (void)rows.admit(refused, bound);
  Release later = refusal(audit::Actor::Kind::unknown, kNow + RefusalBudget::kInterval);
  later.entry.text.assign(audit::kTextLimit, 'x');
  EXPECT_TRUE(rows.admit(later, bound));
  EXPECT_TRUE(later.entry.text.ends_with("x; 1 more refusals before it were not written down"));
  EXPECT_TRUE(audit::check_entry(later.entry).ok());
}

}  // namespace
}  // namespace cloister::cas
