// SPDX-License-Identifier: Apache-2.0
#include "fuzz/boundary/clock.h"
#include "src/enclave/core/clock.h"
#include "src/enclave/core/cpu.h"

namespace {
constexpr std::uint64_t kLook = 1'000'000, kTicksOfLook = 1000;
std::uint64_t now = 1'000'000'000'000, ticks = 1'000'000'000'000;
}  // namespace

namespace cloister::fuzz {
void pass_time(std::uint64_t nanoseconds) {
  now += nanoseconds;
  ticks += nanoseconds;
}
}  // namespace cloister::fuzz

namespace cloister::core {
std::uint64_t monotonic_now() { return now += kLook; }
std::uint64_t realtime_now() { return now += kLook; }
std::uint64_t boottime_now() { return now += kLook; }
}  // namespace cloister::core
// Much slower than the others, so that what must follow closely may do so.
extern "C" std::uint64_t core_read_tsc() { return ticks += kTicksOfLook; }
