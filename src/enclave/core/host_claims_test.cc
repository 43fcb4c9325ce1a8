// SPDX-License-Identifier: Apache-2.0
// What the enclave makes of claims that no row of the host-call table judges: the host's time (rule I-3), its CPUID
// answers (I-4), its addresses and sizes (S-1, S-2).
#include <gtest/gtest.h>
#include <cstring>
#include <stdexcept>
#include "src/enclave/core/check.h"
#include "src/enclave/core/clock.h"
#include "src/enclave/core/cpu.h"
#include "src/enclave/core/host_call.h"

namespace {
std::uint64_t tsc = 0;
}
extern "C" std::uint64_t core_read_tsc() { return tsc; }

namespace cloister::core {
void enclave_fail(const char* text, const char*, unsigned) { throw std::runtime_error(text); }
void copy_from_host(void* to, HostAddress host, std::size_t size) {
  std::memcpy(to, reinterpret_cast<const void*>(host.word()), size);
}

namespace {
constexpr std::uint64_t kSecond = 1'000'000'000, kTicksPerSecond = 2'000'000'000;
constexpr std::uint64_t kHonestMultiplier = (1ULL << 32) / 2;  // half a nanosecond a tick

class HostTime : public testing::Test {
 protected:
  void SetUp() override {
    tsc = 1'000'000;
    // The clock of a process starts once and never goes back, so each test starts later.
    static std::uint64_t boot = 0;
    page_ = {tsc, kHonestMultiplier, boot += 1000 * kSecond, 1000 * kSecond, 0, 0};
    start_clock(HostAddress(reinterpret_cast<std::uint64_t>(&page_)));
  }
  // One second passes, in steps that let the clock refresh itself; how long it took inside.
  std::uint64_t pass_a_second() {
    const std::uint64_t before = monotonic_now();
    std::uint64_t last = before;
    for (int i = 0; i < 100; ++i) {
      tsc += kTicksPerSecond / 100;
      const std::uint64_t now = monotonic_now();
      EXPECT_GE(now, last);
      last = now;
    }
    return last - before;
  }
  TimeParameters page_{};
};

TEST_F(HostTime, I_3_RateStaysWithinItsBound) {
  for (const std::uint64_t rate : {kHonestMultiplier * 2, kHonestMultiplier / 2, std::uint64_t{1}, ~std::uint64_t{0}}) {
    page_.multiplier = rate;
    page_.tsc_base = tsc;
    EXPECT_NEAR(static_cast<double>(pass_a_second()), 1e9, 600e3) << rate;
  }
}
TEST_F(HostTime, I_3_NeverBackwardsAndNoJumps) {
  for (const std::uint64_t base : {std::uint64_t{0}, 1'000'000 * kSecond, ~std::uint64_t{0}}) {
    page_.monotonic_base = base;
    page_.tsc_base = tsc;
    EXPECT_NEAR(static_cast<double>(pass_a_second()), 1e9, 600e3) << base;
  }
  tsc -= kTicksPerSecond;  // a counter that is set back
  const std::uint64_t before = monotonic_now();
  EXPECT_GE(monotonic_now(), before);
}
TEST_F(HostTime, I_3_ImpossibleRatesStop) {
  for (const std::uint64_t rate : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}}) {
    page_.multiplier = rate;
    EXPECT_THROW(start_clock(HostAddress(reinterpret_cast<std::uint64_t>(&page_))), std::runtime_error) << rate;
  }
}

TEST(HostCpuid, I_4_FeaturesFollowXfrm) {
  const CpuidLeaf invented[] = {{1, 0, 0, ~0u, ~0u, ~0u}, {7, 0, ~0u, ~0u, ~0u, ~0u}, {0xd, 0, ~0u, ~0u, ~0u, ~0u}};
  set_cpuid_table(invented, 3, 3);
  EXPECT_EQ(cpuid(1, 0).ecx >> 28 & 1, 0u) << "AVX";
  EXPECT_EQ(cpuid(1, 0).ecx >> 12 & 1, 0u) << "FMA";
  EXPECT_EQ(cpuid(7, 0).ebx >> 5 & 1, 0u) << "AVX2";
  EXPECT_EQ(cpuid(7, 0).ebx >> 16 & 1, 0u) << "AVX512F";
  EXPECT_EQ(cpuid(7, 0).ecx >> 3 & 3, 0u) << "protection keys";
  EXPECT_EQ(cpuid(7, 0).edx >> 24 & 1, 0u) << "AMX";
  EXPECT_EQ(cpuid(0xd, 0).eax, 3u);
  set_cpuid_table(invented, 3, 0xe7);
  EXPECT_EQ(cpuid(7, 0).ebx >> 16 & 1, 1u) << "AVX512F, enabled";
}
TEST(HostCpuid, I_4_CountsAreCapped) {
  static CpuidLeaf many[kMaxCpuidLeaves] = {};
  set_cpuid_table(many, ~0ULL, 3);
  EXPECT_EQ(cpuid(0x4000'0000, 0).eax, 0u);
}

constexpr std::uint64_t kInside = 1ULL << 40, kEnd = 0x7fff'ffff'f000;
TEST(Outside, S_1_SizesDoNotWrap) {
  EXPECT_FALSE(is_outside(kInside, ~0ULL));
  EXPECT_FALSE(is_outside(kEnd - 8, ~0ULL - kEnd + 16));
  EXPECT_FALSE(is_outside(~0ULL - 7, 16));
}
TEST(Outside, S_2_IsCompletelyOutside) {
  EXPECT_TRUE(is_outside(kInside, 4096));
  EXPECT_TRUE(is_outside(kEnd - 4096, 4096));
  EXPECT_FALSE(is_outside(kInside - 1, 1));
  EXPECT_FALSE(is_outside(kInside - 8, 16));
  EXPECT_FALSE(is_outside(kEnd - 4095, 4096));
  EXPECT_FALSE(is_outside(0, 0));
  EXPECT_TRUE(is_outside(kInside, 0));
}
}  // namespace
}  // namespace cloister::core
