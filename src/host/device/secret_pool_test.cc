// SPDX-License-Identifier: Apache-2.0
#include "src/host/device/secret_pool.h"
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <algorithm>
#include <atomic>
#include <cstring>
#include <fstream>
#include <numeric>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace cloister::host {
namespace {
constexpr std::uint64_t kPage = 4096;

class SecretPoolTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const int file = static_cast<int>(syscall(SYS_memfd_secret, 0));
    if (file < 0) GTEST_SKIP() << "no memfd_secret here";
    close(file);
    void* const area = mmap(nullptr, kSize, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    base_ = reinterpret_cast<std::uint64_t>(area);
  }
  void TearDown() override { munmap(reinterpret_cast<void*>(base_), kSize); }
  void release(std::uint64_t address, std::uint64_t size) {
    pool_.give_back(address, size);
    mmap(reinterpret_cast<void*>(address), size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1,
         0);
  }
  static bool is_all(std::uint64_t address, std::uint64_t size, int value) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(address);
    for (std::uint64_t i = 0; i < size; i += 64)
      if (bytes[i] != value) return false;
    return true;
  }
  static void fill(std::uint64_t address, std::uint64_t size, int value) {
    std::memset(reinterpret_cast<void*>(address), value, size);
  }

  static constexpr std::uint64_t kSize = 256 << 20;
  std::uint64_t base_ = 0;
  SecretPool pool_;
};

// While pages are lent, the addresses where they come back to are nobody else's. First, since the
// holes of other tests' pools would be taken before this one's.
TEST_F(SecretPoolTest, PagesThatComeBackReplaceNothing) {
  constexpr std::uint64_t kPart = 1 << 20, kCount = 32;
  std::vector<std::uint64_t> mapped;
  for (std::uint64_t i = 0; i < kCount; ++i) {
    ASSERT_EQ(pool_.take(base_ + i * kPart, kPart), 0);
    void* const other = mmap(nullptr, kPart, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mapped.push_back(reinterpret_cast<std::uint64_t>(other));
    fill(mapped.back(), kPart, 0x77);
  }
  release(base_, kCount * kPart);
  for (const std::uint64_t each : mapped) {
    EXPECT_TRUE(is_all(each, kPart, 0x77));
    munmap(reinterpret_cast<void*>(each), kPart);
  }
}

// The enclave keeps pages without any permission for a while, and by the time when they go it may use their addresses
// anew: a write that reached such a page would be lost with it.
TEST_F(SecretPoolTest, PagesThatGoAreOutOfReach) {
  constexpr std::uint64_t kPart = 16 * kPage;
  std::atomic<std::uint64_t> phase{0};  // odd: they are going
  std::atomic<bool> done{false};
  std::uint64_t tries = 0, writes = 0;
  std::thread writer([&] {
    const int zeroes = open("/dev/zero", O_RDONLY);
    for (std::uint64_t i = 0; !done; ++i) {
      const std::uint64_t begun = phase;
      if (begun % 2 == 0) continue;
      const bool reached = read(zeroes, reinterpret_cast<void*>(base_ + i % 16 * kPage), 1) == 1;
      if (phase != begun) continue;
      ++tries;
      writes += reached;
    }
    close(zeroes);
  });
  for (int round = 0; round < 4000; ++round) {
    ASSERT_EQ(pool_.take(base_, kPart), 0);
    fill(base_, kPart, 1);
    mprotect(reinterpret_cast<void*>(base_), kPart, PROT_NONE);
    ++phase;
    pool_.give_back(base_, kPart);
    ++phase;
    release(base_, kPart);
  }
  done = true;
  writer.join();
  EXPECT_GT(tries, 0u);
  EXPECT_EQ(writes, 0u) << "of " << tries;
}

TEST_F(SecretPoolTest, PagesComeAsZeroesEveryTime) {
  for (int round = 0; round < 5; ++round) {
    const std::uint64_t place = base_ + static_cast<std::uint64_t>(round) * 7 * kPage;
    ASSERT_EQ(pool_.take(place, 32 * kPage), 0);
    EXPECT_TRUE(is_all(place, 32 * kPage, 0));
    fill(place, 32 * kPage, 0x5a);
    mprotect(reinterpret_cast<void*>(place + 3 * kPage), kPage, PROT_READ);
    mprotect(reinterpret_cast<void*>(place + 9 * kPage), 2 * kPage, PROT_NONE);
    release(place, 32 * kPage);
  }
}

TEST_F(SecretPoolTest, FilledInPlaceThenMoved) {
  const std::uint64_t stage = pool_.take_in_place(4 * kPage);
  ASSERT_NE(stage, 0u);
  fill(stage, 4 * kPage, 7);
  ASSERT_EQ(pool_.move(stage, base_, 4 * kPage), 0);
  EXPECT_TRUE(is_all(base_, 4 * kPage, 7));
  release(base_ + kPage, kPage);
  EXPECT_TRUE(is_all(base_, kPage, 7));
  EXPECT_TRUE(is_all(base_ + 2 * kPage, 2 * kPage, 7));
}

TEST_F(SecretPoolTest, MoreThanAChunk) {
  ASSERT_EQ(pool_.take(base_, 40 << 20), 0);
  fill(base_, 1, 1);
  fill(base_ + (40 << 20) - 1, 1, 1);
  release(base_, 40 << 20);
  EXPECT_EQ(pool_.take_in_place(32 << 20), 0u);
  ASSERT_EQ(pool_.take(base_, 1 << 20), 0);
  EXPECT_TRUE(is_all(base_, 1 << 20, 0));
}

std::size_t mappings_in(std::uint64_t from, std::uint64_t to) {
  std::ifstream maps("/proc/self/maps");
  std::size_t count = 0;
  for (std::string line; std::getline(maps, line);) {
    const std::uint64_t start = std::stoull(line, nullptr, 16);
    if (start >= from && start < to) ++count;
  }
  return count;
}

// A process may have 65,530 mappings.
TEST_F(SecretPoolTest, NeighboursBecomeOneMappingInWhateverOrder) {
  constexpr std::uint64_t kPieces = 64 << 20 >> 14, kPiece = 4 * kPage;
  std::vector<std::uint64_t> order(kPieces);
  std::iota(order.begin(), order.end(), 0);
  for (int round = 0; round < 2; ++round) {
    std::shuffle(order.begin(), order.end(), std::mt19937(static_cast<unsigned>(round)));
    for (const std::uint64_t piece : order) {
      ASSERT_EQ(pool_.take(base_ + piece * kPiece, kPiece), 0);
      ASSERT_TRUE(is_all(base_ + piece * kPiece, kPiece, 0));
      fill(base_ + piece * kPiece, kPiece, 1);
    }
    EXPECT_LE(mappings_in(base_, base_ + (64 << 20)), 128u);
    for (const std::uint64_t piece : order) release(base_ + piece * kPiece, kPiece);
  }
}

// A page of each megabyte that stays does not keep the rest from serving other addresses.
TEST_F(SecretPoolTest, WhatWaitsInSlotsIsBounded) {
  for (std::uint64_t megabyte = 0; megabyte < 128; ++megabyte) {
    ASSERT_EQ(pool_.take(base_ + (megabyte << 20), 1 << 20), 0);
    fill(base_ + (megabyte << 20), 1 << 20, 1);
  }
  for (std::uint64_t megabyte = 0; megabyte < 128; ++megabyte)
    release(base_ + (megabyte << 20) + kPage, (1 << 20) - kPage);
  const std::uint64_t before = pool_.size();
  ASSERT_EQ(pool_.take(base_ + (128 << 20), 60 << 20), 0);
  EXPECT_TRUE(is_all(base_ + (128 << 20), 60 << 20, 0));
  EXPECT_LE(pool_.size(), before + 2 * SecretPool::kChunkSize);
}

TEST_F(SecretPoolTest, RandomUseKeepsContentsApart) {
  constexpr std::uint64_t kSlots = 512;
  std::vector<std::uint8_t> value(kSlots, 0);  // 0: free
  std::mt19937 random(1);
  for (int i = 0; i < 4000; ++i) {
    const std::uint64_t first = random() % kSlots, count = 1 + random() % std::min<std::uint64_t>(12, kSlots - first);
    for (std::uint64_t slot = first; slot < first + count; ++slot) {  // what is there is as it was left
      if (value[slot] == 0) continue;
      ASSERT_TRUE(is_all(base_ + slot * kPage, kPage, value[slot]));
    }
    release(base_ + first * kPage, count * kPage);
    std::fill_n(value.begin() + static_cast<long>(first), count, std::uint8_t{0});
    if (random() % 3 == 0) continue;
    ASSERT_EQ(pool_.take(base_ + first * kPage, count * kPage), 0);
    ASSERT_TRUE(is_all(base_ + first * kPage, count * kPage, 0));
    const auto mark = static_cast<std::uint8_t>(1 + random() % 255);
    fill(base_ + first * kPage, count * kPage, mark);
    std::fill_n(value.begin() + static_cast<long>(first), count, mark);
  }
}
}  // namespace
}  // namespace cloister::host
