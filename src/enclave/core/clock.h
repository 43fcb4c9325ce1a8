// SPDX-License-Identifier: Apache-2.0
// Time inside the enclave: RDTSC scaled by parameters that the host publishes and we bound (rule I-3): the rate stays
// within 500 ppm of the first one, no clock runs backwards. No host call. Trusted, freestanding; the vDSO reads the
// same data.
#pragma once
#include <cstdint>
#include "src/boundary/host_block.h"
#include "src/enclave/core/host_memory.h"

namespace cloister::core {

// What the program's vDSO reads; lies in a page that is read-only for the program.
struct ClockData {
  std::uint64_t sequence;  // odd while it changes
  std::uint64_t tsc_base;
  std::uint64_t multiplier;       // nanoseconds per tick, 32.32
  std::uint64_t monotonic_base;   // nanoseconds
  std::uint64_t realtime_offset;  // realtime - monotonic
  std::uint64_t boottime_offset;
  std::uint64_t refresh_after;  // tsc from which on the kernel must refresh the data first
};

// `time_page` is the host's TimeParameters.
void start_clock(HostAddress time_page);
// Nanoseconds of CLOCK_MONOTONIC and CLOCK_REALTIME.
std::uint64_t monotonic_now();
std::uint64_t realtime_now();
std::uint64_t boottime_now();
// A span of the time stamp counter at the present rate.
std::uint64_t ticks_to_nanoseconds(std::uint64_t ticks);
// Where the vDSO's copy goes; null until the program has one.
void publish_clock_to(ClockData* page);
}  // namespace cloister::core
