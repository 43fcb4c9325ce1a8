// SPDX-License-Identifier: Apache-2.0
// Times as programs pass them, and the clocks that calls name. Nanoseconds inside. Trusted, kernel storey.
#pragma once
#include <sys/time.h>
#include <time.h>
#include <cstdint>
#include "src/enclave/kernel/program_memory.h"

namespace cloister::kernel {
class Task;
inline constexpr std::uint64_t kNanosecondsPerSecond = 1'000'000'000;
inline constexpr std::uint64_t kFarFuture = ~0ULL >> 1;  // as late as a deadline can be

// EINVAL for negative times and for nanoseconds beyond a second; what is too long is kFarFuture.
Result<std::uint64_t> nanoseconds_of(const timespec& time);
timespec timespec_of(std::uint64_t nanoseconds);
timeval timeval_of(std::uint64_t nanoseconds);
Result<std::uint64_t> load_timespec(ProgramAddress address);
// On CLOCK_MONOTONIC, never kNoDeadline.
std::uint64_t deadline_after(std::uint64_t nanoseconds);

// Any clock id, CPU clocks of this process's tasks included. EINVAL.
Result<std::uint64_t> read_clock(Task& task, clockid_t clock);
bool is_cpu_clock(clockid_t clock);
// When `clock` will show `time`, on CLOCK_MONOTONIC. Not for CPU clocks.
std::uint64_t deadline_on(clockid_t clock, std::uint64_t time);
}  // namespace cloister::kernel
