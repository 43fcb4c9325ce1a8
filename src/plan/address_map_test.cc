// SPDX-License-Identifier: Apache-2.0
#include "src/plan/address_map.h"
#include <gtest/gtest.h>
#include "src/plan/testing.h"

namespace cloister {
namespace {

constexpr std::uint64_t kBias = 0x5000'0000, kArea = 0x5100'0000;

class AddressMap : public ::testing::Test {
 protected:
  AddressMap() {
    Plan plan;
    plan.sites = {testing::getpid_site(0x1000), testing::forward_site(0x1100), testing::rdtsc_site(0x1200)};
    bytes_ = encode_plan(plan);
  }
  RewrittenText text() {
    const PlanView view = PlanView::parse(bytes_).value();
    const TextRange range{kBias, kBias + 0x1000, 0x1000};
    return {view, range, kArea, trampoline_size(view, range)};
  }
  std::uint64_t original(std::uint64_t offset) {
    const auto position = original_position(text(), kArea + kEntrySlotsSize + offset);
    return position ? position->pc - kBias : 0;
  }
  std::uint64_t moved(std::uint64_t link_address) {
    const auto position = trampoline_position(text(), kBias + link_address);
    return position ? *position - kArea - kEntrySlotsSize : ~std::uint64_t{0};
  }
  testing::Bytes bytes_;
};
constexpr std::uint64_t kUntouched = ~std::uint64_t{0};

TEST_F(AddressMap, BackwardWindow) {
  EXPECT_EQ(original(0), 0x1000u);   // the moved mov
  EXPECT_EQ(original(5), 0x1005u);   // lea
  EXPECT_EQ(original(12), 0x1005u);  // jmp: not done yet
  EXPECT_TRUE(original_position(text(), kArea + kEntrySlotsSize + 12)->at_instruction);
  EXPECT_EQ(original(18), 0u);  // filling
  EXPECT_EQ(moved(0x1000), 0u);
  EXPECT_EQ(moved(0x1005), 5u);
  EXPECT_EQ(moved(0x1007), kUntouched);  // the return address of the system call is intact code
}

TEST_F(AddressMap, ForwardWindowWithAGrownJump) {
  const std::uint64_t start = 32;
  EXPECT_EQ(original(start), 0x1100u);
  EXPECT_EQ(original(start + 13), 0x1102u);          // cmp
  EXPECT_EQ(original(start + 13 + 6), 0x1108u);      // jae
  EXPECT_EQ(original(start + 13 + 6 + 6), 0x110Au);  // the closing jump stands for the window's end
  EXPECT_FALSE(original_position(text(), kArea + kEntrySlotsSize + start + 13)->at_instruction);
  EXPECT_EQ(moved(0x1100), start);
  EXPECT_EQ(moved(0x1102), start + 13);
  EXPECT_EQ(moved(0x1108), start + 19);
  EXPECT_EQ(moved(0x110A), kUntouched);
}

TEST_F(AddressMap, CallGateTellsTheStackAdjustment) {
  const std::uint64_t start = 32 + 32, gate = start + 6 + 7;
  EXPECT_EQ(original(start), 0x1200u);
  EXPECT_EQ(original(start + 6), 0x1202u);
  EXPECT_EQ(original(gate), 0x1209u);
  EXPECT_EQ(original(gate + 5), 0x1209u);
  EXPECT_EQ(original(gate + 11), 0x120Bu);
  EXPECT_EQ(original(gate + 19), 0x120Bu);
  const auto adjustment = [&](std::uint64_t offset) {
    return original_position(text(), kArea + kEntrySlotsSize + offset)->stack_adjustment;
  };
  EXPECT_EQ(adjustment(gate), 0u);
  EXPECT_EQ(adjustment(gate + 5), 128u);
  EXPECT_EQ(adjustment(gate + 11), 128u);
  EXPECT_EQ(adjustment(gate + 19), 0u);
  EXPECT_EQ(moved(0x1202), start + 6);
  EXPECT_EQ(moved(0x1209), gate);
}

TEST_F(AddressMap, OtherAddresses) {
  EXPECT_FALSE(original_position(text(), kArea - 1));
  EXPECT_FALSE(original_position(text(), kArea));  // a slot
  EXPECT_FALSE(original_position(text(), kArea + text().trampolines_size));
  EXPECT_FALSE(original_position(text(), kBias + 0x1000));
  EXPECT_EQ(moved(0x0FFF), kUntouched);
  EXPECT_EQ(moved(0x1300), kUntouched);
  // Sites outside the text range have no trampoline, and those behind them move up.
  RewrittenText part = text();
  part.text.address += 1;
  EXPECT_EQ(original_position(part, kArea + kEntrySlotsSize)->pc, kBias + 0x1100);
  EXPECT_FALSE(trampoline_position(part, kBias + 0x1000));
}

}  // namespace
}  // namespace cloister
