// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/core/clock.h"
#include "src/boundary/rules.h"
#include "src/enclave/core/check.h"
#include "src/enclave/core/cpu.h"
#include "src/enclave/core/host_call.h"
#include "src/enclave/core/spinlock.h"

namespace cloister::core {
namespace {
constexpr std::uint64_t kRefreshNanoseconds = 50'000'000;
constexpr std::uint64_t kMaxRatePpm = 500;

constinit Spinlock lock;
constinit ClockData clock = {};
constinit std::uint64_t first_multiplier = 0;
constinit HostAddress host_time_page;
constinit ClockData* program_page = nullptr;

std::uint64_t scale(std::uint64_t ticks, std::uint64_t multiplier) {
  return static_cast<std::uint64_t>(static_cast<unsigned __int128>(ticks) * multiplier >> 32);
}

std::uint64_t host_sequence() {
  return load_host_word(host_time_page + offsetof(TimeParameters, sequence)).unverified_because("only compared");
}

// One consistent copy, or false when the host keeps it odd.
bool read_parameters(TimeParameters* to) {
  for (int tries = 0; tries < 64; ++tries) {
    const std::uint64_t before = host_sequence();
    *to = HostIn<TimeParameters>(host_time_page).load().unverified_because("rates and steps are bounded in refresh()");
    if ((before & 1) == 0 && host_sequence() == before) return true;
    asm volatile("pause");
  }
  return false;
}

std::uint64_t bounded_multiplier(std::uint64_t host) {
  if (!CLOISTER_KEEPS(I_3)) return host | 1;
  const std::uint64_t slack = first_multiplier / 1'000'000 * kMaxRatePpm;
  if (host < first_multiplier - slack) return first_multiplier - slack;
  if (host > first_multiplier + slack) return first_multiplier + slack;
  return host;
}

void copy_to_program_page() {
  if (program_page == nullptr) return;
  __atomic_store_n(&program_page->sequence, clock.sequence | 1, __ATOMIC_RELEASE);
  asm volatile("" ::: "memory");
  program_page->tsc_base = clock.tsc_base;
  program_page->multiplier = clock.multiplier;
  program_page->monotonic_base = clock.monotonic_base;
  program_page->realtime_offset = clock.realtime_offset;
  program_page->boottime_offset = clock.boottime_offset;
  program_page->refresh_after = clock.refresh_after;
  __atomic_store_n(&program_page->sequence, (clock.sequence | 1) + 1, __ATOMIC_RELEASE);
}

// Our monotonic time goes on from where it was, at a rate that closes the distance to the host's within the bound.
void refresh(std::uint64_t tsc) {
  TimeParameters host;
  const std::uint64_t ours = clock.monotonic_base + scale(tsc - clock.tsc_base, clock.multiplier);
  clock.sequence += 2;
  clock.monotonic_base = ours;
  clock.tsc_base = tsc;
  clock.refresh_after = tsc + (kRefreshNanoseconds << 32) / clock.multiplier;
  if (read_parameters(&host) && host.multiplier != 0 && tsc >= host.tsc_base) {
    const std::uint64_t theirs = host.monotonic_base + scale(tsc - host.tsc_base, host.multiplier);
    // Close the gap over one refresh period.
    const __int128 gap = static_cast<__int128>(theirs) - static_cast<__int128>(ours);
    const __int128 adjusted = static_cast<__int128>(host.multiplier) +
                              gap * static_cast<__int128>(host.multiplier) / static_cast<__int128>(kRefreshNanoseconds);
    clock.multiplier = bounded_multiplier(adjusted < 0             ? 0
                                          : adjusted > (1LL << 60) ? 1ULL << 60
                                                                   : static_cast<std::uint64_t>(adjusted));
    // The realtime clock may be stepped by the host as it may on any machine; it is a claim, not a promise.
    clock.realtime_offset = host.realtime_base - host.monotonic_base;
    clock.boottime_offset = host.boottime_offset;
  }
  copy_to_program_page();
}

struct Reading {
  std::uint64_t monotonic, realtime_offset, boottime_offset;
};
constinit std::uint64_t last_monotonic = 0;

Reading read_clock() {
  LockGuard guard(lock);
  std::uint64_t tsc = read_tsc();
  if (tsc < clock.tsc_base) tsc = clock.tsc_base;
  if (tsc >= clock.refresh_after) refresh(tsc);
  std::uint64_t now = clock.monotonic_base + scale(tsc - clock.tsc_base, clock.multiplier);
  if (now < last_monotonic) now = last_monotonic;
  last_monotonic = now;
  return {now, clock.realtime_offset, clock.boottime_offset};
}
}  // namespace

void start_clock(HostAddress time_page) {
  host_time_page = time_page;
  TimeParameters host;
  if (!read_parameters(&host)) enclave_fail("the host publishes no time", __FILE__, __LINE__);
  // 0.2 to 20 GHz; anything else is no time stamp counter.
  if (host.multiplier < (1ULL << 32) / 20 || host.multiplier > (5ULL << 32))
    enclave_fail("the host publishes an impossible clock rate", __FILE__, __LINE__);
  first_multiplier = host.multiplier;
  const std::uint64_t tsc = read_tsc();
  clock.tsc_base = tsc;
  clock.multiplier = host.multiplier;
  clock.monotonic_base = host.monotonic_base + (tsc > host.tsc_base ? scale(tsc - host.tsc_base, host.multiplier) : 0);
  clock.realtime_offset = host.realtime_base - host.monotonic_base;
  clock.boottime_offset = host.boottime_offset;
  clock.refresh_after = tsc + (kRefreshNanoseconds << 32) / clock.multiplier;
}

std::uint64_t monotonic_now() { return read_clock().monotonic; }
std::uint64_t realtime_now() {
  const Reading reading = read_clock();
  return reading.monotonic + reading.realtime_offset;
}
std::uint64_t boottime_now() {
  const Reading reading = read_clock();
  return reading.monotonic + reading.boottime_offset;
}
std::uint64_t ticks_to_nanoseconds(std::uint64_t ticks) {
  LockGuard guard(lock);
  return scale(ticks, clock.multiplier);
}
void publish_clock_to(ClockData* page) {
  LockGuard guard(lock);
  program_page = page;
  copy_to_program_page();
}
}  // namespace cloister::core
