// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/kernel/address_space/area_map.h"
#include <gtest/gtest.h>
#include "src/enclave/kernel/address_space/core_for_test.h"
#include "src/enclave/kernel/address_space/placement.h"
#include "src/enclave/kernel/address_space/window.h"

namespace cloister::kernel {
namespace {
constexpr std::uint64_t kPage = layout::kPageSize;

Area area_at(std::uint64_t first, std::uint64_t count, int protection = PROT_READ) {
  Area area;
  area.start = first * kPage;
  area.end = (first + count) * kPage;
  area.protection = protection;
  area.flags = MAP_PRIVATE;
  return area;
}
PageRange pages(std::uint64_t first, std::uint64_t count) { return {first * kPage, (first + count) * kPage}; }

TEST(AreaMap, EqualNeighboursBecomeOne) {
  AreaMap map;
  map.insert(area_at(10, 2));
  map.insert(area_at(14, 2));
  EXPECT_EQ(map.count(), 2u);
  const Area& joined = map.insert(area_at(12, 2));
  EXPECT_EQ(map.count(), 1u);
  EXPECT_EQ(joined.range(), pages(10, 6));
  map.insert(area_at(16, 1, PROT_READ | PROT_WRITE));
  EXPECT_EQ(map.count(), 2u);
  EXPECT_EQ(map.mapped_bytes(), 7 * kPage);
}

TEST(AreaMap, FilesJoinOnlyWhereTheyContinue) {
  AreaMap map;
  auto file = std::make_shared<testing::MemoryFile>(std::vector<std::uint8_t>(1));
  Area first = area_at(10, 2), second = area_at(12, 2), third = area_at(14, 1);
  first.file = second.file = third.file = file;
  second.file_offset = 2 * kPage;
  third.file_offset = 9 * kPage;
  map.insert(first);
  map.insert(second);
  map.insert(third);
  EXPECT_EQ(map.count(), 2u);
  map.split_at(11 * kPage);
  EXPECT_EQ(map.find(11 * kPage)->file_offset, kPage);
  map.join(pages(10, 5));
  EXPECT_EQ(map.count(), 2u);
}

TEST(AreaMap, EraseSplits) {
  AreaMap map;
  map.insert(area_at(10, 10));
  map.erase(pages(12, 3));
  EXPECT_EQ(map.count(), 2u);
  EXPECT_TRUE(map.is_free(pages(12, 3)));
  EXPECT_FALSE(map.is_free(pages(11, 2)));
  EXPECT_FALSE(map.is_covered(pages(10, 10)));
  EXPECT_TRUE(map.is_covered(pages(15, 5)));
  EXPECT_EQ(map.find(12 * kPage), nullptr);
  EXPECT_EQ(map.find(15 * kPage)->range(), pages(15, 5));
  EXPECT_EQ(map.mapped_bytes(), 7 * kPage);
}

TEST(Placement, DownwardsAndIntoHoles) {
  AreaMap map;
  Placement placement;
  placement.reset({0x10000, 1ULL << 40}, 8 << 20);
  const auto place = [&](std::uint64_t count) {
    const std::uint64_t address = placement.anywhere(map, count * kPage);
    Area area = area_at(address / kPage, count);
    map.insert(area);
    return address;
  };
  const std::uint64_t a = place(4), b = place(8), c = place(2);
  EXPECT_EQ(b + 8 * kPage, a);
  EXPECT_EQ(c + 2 * kPage, b);
  map.erase({b, b + 8 * kPage});
  placement.released(map, {b, b + 8 * kPage});
  EXPECT_EQ(place(9), c - 9 * kPage);  // the hole is too small
  EXPECT_EQ(place(6), b + 2 * kPage);
  EXPECT_EQ(place(2), b);
  EXPECT_EQ(place(1), c - 10 * kPage);
}

TEST(Placement, NeverOverlapsAndUsesAllRoom) {
  AreaMap map;
  Placement placement;
  placement.reset({0x10000, 0x10000 + (64 << 20)}, 0);
  std::vector<PageRange> live;
  std::uint64_t state = 1;
  const auto random = [&state] { return state = state * 6364136223846793005u + 1442695040888963407u, state >> 33; };
  for (int i = 0; i < 20000; ++i) {
    if (!live.empty() && random() % 3 == 0) {
      const std::size_t victim = random() % live.size();
      map.erase(live[victim]);
      placement.released(map, live[victim]);
      live[victim] = live.back();
      live.pop_back();
      continue;
    }
    const std::uint64_t size = (1 + random() % 64) * kPage;
    const std::uint64_t found = placement.anywhere(map, size);
    if (found == 0) {  // then there is indeed no hole
      std::uint64_t end = 0x10000, largest = 0;
      for (auto& [start, area] : map) largest = std::max(largest, start - end), end = area.end;
      largest = std::max<std::uint64_t>(largest, 0x10000 + (64 << 20) - end);
      ASSERT_LT(largest, size);
      continue;
    }
    const PageRange range{found, found + size};
    ASSERT_TRUE(map.is_free(range));
    Area area = area_at(range.start / kPage, size / kPage);
    map.insert(area);
    live.push_back(range);
  }
}

TEST(Placement, WithinReach) {
  AreaMap map;
  Placement placement;
  placement.reset({0x10000, 1ULL << 40}, 8 << 20);
  const std::uint64_t low = placement.within_2_gib(map, {0x400000, 0x500000}, 0x3000);
  EXPECT_EQ(low, 0x400000u - 0x3000);
  map.insert(area_at(0x10, 0x400 - 0x10));
  const std::uint64_t high = placement.within_2_gib(map, {0x400000, 0x500000}, 0x3000);
  EXPECT_GT(high, 0x500000u + (1 << 30));
  EXPECT_LT(high + 0x3000 - 0x400000, 1ULL << 31);
}

TEST(Window, DoublesInBothDirections) {
  constexpr WindowSizes kSizes{64 << 10, 2 << 20};
  const PageRange all{0, 1ULL << 30};
  PageRange window = next_window({}, 0x12345000, all, kSizes);
  EXPECT_EQ(window, (PageRange{0x12340000, 0x12350000}));
  window = next_window(window, 0x12350000, all, kSizes);
  EXPECT_EQ(window, (PageRange{0x12350000, 0x12370000}));
  for (int i = 0; i < 10; ++i) window = next_window(window, window.end, all, kSizes);
  EXPECT_EQ(window.size(), 2u << 20);
  window = next_window({0x12340000, 0x12350000}, 0x1233f000, all, kSizes);
  EXPECT_EQ(window, (PageRange{0x12320000, 0x12340000}));
  window = next_window({0x12340000, 0x12350000}, 0x20000000, all, kSizes);
  EXPECT_EQ(window, (PageRange{0x20000000, 0x20010000}));
  EXPECT_EQ(next_window({}, 0x5000, {0x4000, 0x7000}, kSizes), (PageRange{0x4000, 0x7000}));
}
}  // namespace
}  // namespace cloister::kernel
