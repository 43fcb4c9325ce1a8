// SPDX-License-Identifier: Apache-2.0
#include "src/plan/plan.h"
#include <gtest/gtest.h>
#include <string>
#include "src/plan/little_endian.h"
#include "src/plan/testing.h"

namespace cloister {
namespace {
using testing::Bytes;

Plan three_sites() {
  Plan plan;
  plan.sites = {testing::getpid_site(0x1000), testing::forward_site(0x1007), testing::rdtsc_site(0x2000)};
  plan.sites[0].vectors_dead = true;
  plan.raw_hit_count = 5;
  plan.trapped_count = 2;
  return plan;
}

std::string refusal(const Bytes& bytes) {
  const auto view = PlanView::parse(bytes);
  return view.ok() ? "accepted" : view.error().what();
}
std::string refusal(const Plan& plan) { return refusal(encode_plan(plan)); }

TEST(Plan, RoundTrip) {
  const Bytes bytes = encode_plan(three_sites());
  const auto view = PlanView::parse(bytes);
  ASSERT_TRUE(view.ok()) << view.error().what();
  EXPECT_EQ(view.value().site_count(), 3u);
  EXPECT_EQ(view.value().raw_hit_count(), 5u);
  EXPECT_EQ(view.value().trapped_count(), 2u);
  std::vector<PlanSite> sites;
  for (const PlanSite site : view.value()) sites.push_back(site);
  ASSERT_EQ(sites.size(), 3u);
  EXPECT_TRUE(sites[0].vectors_dead);
  EXPECT_FALSE(sites[1].vectors_dead);
  EXPECT_EQ(sites[0].instruction(), 0x1005u);
  EXPECT_TRUE(sites[0].ends_with_instruction());
  EXPECT_FALSE(sites[1].ends_with_instruction());
  EXPECT_EQ(sites[1].window_end(), 0x1011u);
  EXPECT_EQ(sites[2].kind, SiteKind::rdtsc);
  ASSERT_EQ(sites[2].fixup_count(), 2u);
  EXPECT_EQ(sites[2].fixup(1).field_offset, 5);
  EXPECT_EQ(sites[2].fixup(0).growth(sites[2].window), 4u);
  EXPECT_EQ(sites[2].window[9], 0x0F);
}

// The worked example: an empty plan, and one `mov $39,%eax; syscall` at 0x1000.
TEST(Plan, EncodingIsAsDocumented) {
  EXPECT_EQ(encode_plan({}), (Bytes{'C', 'L', 'S', 'T', 'P', 'L', 'A', 'N', 1, 0, 0, 0, 0, 0, 0, 0,
                                    0,   0,   0,   0,   0,   0,   0,   0,   0, 0, 0, 0, 0, 0, 0, 0}));
  Plan plan;
  plan.sites = {testing::getpid_site(0x1000)};
  const Bytes bytes = encode_plan(plan);
  EXPECT_EQ(Bytes(bytes.begin() + 32, bytes.end()),
            (Bytes{0, 0x10, 0, 0, 0, 0, 0, 0, 7, 5, 1, 0, 0, 0, 0, 0, 0xB8, 39, 0, 0, 0, 0x0F, 0x05}));
}

TEST(Plan, RefusesEveryTruncationAndExtension) {
  Bytes bytes = encode_plan(three_sites());
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_NE(refusal(Bytes(bytes.begin(), bytes.begin() + static_cast<long>(size))), "accepted") << size;
  bytes.push_back(0);
  EXPECT_EQ(refusal(bytes), "plan: its size and its counts differ");
}

TEST(Plan, RefusesDamagedHeaders) {
  const Bytes good = encode_plan(three_sites());
  const auto with = [&good](std::size_t offset, std::uint32_t value) {
    Bytes bytes = good;
    store_u32(&bytes[offset], value);
    return refusal(bytes);
  };
  EXPECT_EQ(with(0, 0), "plan: not a rewrite plan");
  EXPECT_EQ(with(8, 2), "plan: unknown version");
  EXPECT_EQ(with(12, 0xFFFFFFFF), "plan: too many sites");
  EXPECT_EQ(with(12, 2), "plan: its size and its counts differ");
  EXPECT_EQ(with(16, 0xFFFFFFFF), "plan: its size and its counts differ");
  EXPECT_EQ(with(20, 0xFFFFFFFF), "plan: its size and its counts differ");
  // One fix-up fewer and four window bytes more: the same size, but not what the sites say.
  Bytes shifted = good;
  store_u32(&shifted[16], 2);
  store_u32(&shifted[20], load_u32(&good[20]) + 4);
  EXPECT_EQ(refusal(shifted), "plan: the sites do not add up to the tables");
}

TEST(Plan, RefusesReservedBits) {
  const Bytes good = encode_plan(three_sites());
  for (std::size_t offset : {11, 13, 14, 15}) {
    Bytes bytes = good;
    bytes[kPlanHeaderSize + offset] |= 0x80;
    EXPECT_EQ(refusal(bytes), "plan: reserved bits of a site are set");
  }
  Bytes bytes = good;
  bytes[kPlanHeaderSize + 3 * kPlanSiteSize + 3] = 1;
  EXPECT_EQ(refusal(bytes), "plan: reserved bits of a fix-up are set");
}

TEST(Plan, RefusesBadWindows) {
  Plan plan;
  plan.sites = {testing::getpid_site(0x1000), testing::getpid_site(0x1006)};
  EXPECT_EQ(refusal(plan), "plan: windows overlap or are not ascending");
  plan.sites = {testing::getpid_site(0x2000), testing::getpid_site(0x1000)};
  EXPECT_EQ(refusal(plan), "plan: windows overlap or are not ascending");
  plan.sites = {testing::getpid_site(~std::uint64_t{0} - 3)};
  EXPECT_EQ(refusal(plan), "plan: window beyond the address space");
  plan.sites = {testing::make_site(SiteKind::syscall, 0x1000, 2, {0x89, 0xC8, 0x0F, 0x05})};
  EXPECT_EQ(refusal(plan), "plan: window size out of range");
  plan.sites = {testing::make_site(SiteKind::syscall, 0x1000, 0, Bytes(65, 0x90))};
  EXPECT_EQ(refusal(plan), "plan: window size out of range");
}

TEST(Plan, RefusesBadInstructions) {
  Plan plan;
  plan.sites = {testing::getpid_site(0x1000)};
  plan.sites[0].instruction_offset = 4;
  EXPECT_EQ(refusal(plan), "plan: the instruction is not in its window");
  plan.sites[0].instruction_offset = 6;
  EXPECT_EQ(refusal(plan), "plan: the instruction is not in its window");
  plan.sites[0].instruction_offset = 255;
  EXPECT_EQ(refusal(plan), "plan: the instruction is not in its window");
  plan.sites[0] = testing::getpid_site(0x1000);
  for (int kind : {0, 5, 255}) {
    plan.sites[0].kind = static_cast<SiteKind>(kind);
    EXPECT_EQ(refusal(plan), "plan: unknown kind of site");
  }
}

TEST(Plan, RefusesBadFixups) {
  Plan plan;
  plan.sites = {testing::rdtsc_site(0x1000)};
  const auto with = [&plan](std::vector<PlanFixup> fixups) {
    plan.sites[0].fixups = std::move(fixups);
    return refusal(plan);
  };
  EXPECT_EQ(with({{1, 2, static_cast<FixupField>(3)}}), "plan: unknown kind of fix-up");
  EXPECT_EQ(with({{0, 1, FixupField::rel8}}), "plan: fix-ups overlap or are not ascending");
  EXPECT_EQ(with({{5, 9, FixupField::rel32}, {1, 2, FixupField::rel8}}), "plan: fix-ups overlap or are not ascending");
  EXPECT_EQ(with({{2, 3, FixupField::rel8}}), "plan: fix-up of something that is no short jump");
  EXPECT_EQ(with({{1, 3, FixupField::rel8}}), "plan: fix-up of something that is no short jump");
  EXPECT_EQ(with({{5, 8, FixupField::rel32}}), "plan: fix-up outside its instruction");
  EXPECT_EQ(with({{1, 11, FixupField::rel32}}), "plan: fix-up outside its instruction");
  EXPECT_EQ(with({{8, 12, FixupField::rel32}}), "plan: fix-up outside its window");
  EXPECT_EQ(with({{6, 10, FixupField::rel32}}), "plan: fix-up in the instruction that is replaced");
}

}  // namespace
}  // namespace cloister
