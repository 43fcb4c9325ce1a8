// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/kernel/time_values.h"
#include "src/enclave/core/clock.h"
#include "src/enclave/kernel/cpu_time.h"
#include "src/enclave/kernel/task.h"

namespace cloister::kernel {
namespace {
// A negative clock id is ~pid << 3 with a kind: of one thread or of the process, the last two bits below 3.
constexpr clockid_t kOneThread = 4, kKindMask = 3, kNoKind = 3;

Result<std::uint64_t> read_dynamic_clock(Task& task, clockid_t clock) {
  if ((clock & kKindMask) == kNoKind) return Error::from_errno(EINVAL);  // a clock of a device
  const auto id = static_cast<std::uint32_t>(~(clock >> 3));
  if ((clock & kOneThread) == 0) {
    if (id != 0 && id != task.process.pid) return Error::from_errno(EINVAL);
    return process_cpu_time(task.process);
  }
  if (id == 0) return task_cpu_time(task);
  const std::lock_guard guard(task.process.mutex);
  const Task* const other = task.process.find_task(id);
  if (other == nullptr) return Error::from_errno(EINVAL);
  return task_cpu_time(*other);
}
}  // namespace

Result<std::uint64_t> nanoseconds_of(const timespec& time) {
  if (time.tv_sec < 0 || time.tv_nsec < 0 || time.tv_nsec >= static_cast<std::int64_t>(kNanosecondsPerSecond))
    return Error::from_errno(EINVAL);
  const auto seconds = static_cast<std::uint64_t>(time.tv_sec);
  if (seconds >= kFarFuture / kNanosecondsPerSecond) return std::uint64_t{kFarFuture};
  return seconds * kNanosecondsPerSecond + static_cast<std::uint64_t>(time.tv_nsec);
}

timespec timespec_of(std::uint64_t nanoseconds) {
  return {static_cast<time_t>(nanoseconds / kNanosecondsPerSecond),
          static_cast<long>(nanoseconds % kNanosecondsPerSecond)};
}

timeval timeval_of(std::uint64_t nanoseconds) {
  const timespec time = timespec_of(nanoseconds);
  return {time.tv_sec, time.tv_nsec / 1000};
}

Result<std::uint64_t> load_timespec(ProgramAddress address) { return nanoseconds_of(TRY(address.load<timespec>())); }

std::uint64_t deadline_after(std::uint64_t nanoseconds) {
  const std::uint64_t now = core::monotonic_now();
  return nanoseconds < kFarFuture - now ? now + nanoseconds : kFarFuture;
}

Result<std::uint64_t> read_clock(Task& task, clockid_t clock) {
  switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
    case CLOCK_REALTIME_ALARM:
    case CLOCK_TAI: return core::realtime_now();
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE: return core::monotonic_now();
    case CLOCK_BOOTTIME:
    case CLOCK_BOOTTIME_ALARM: return core::boottime_now();
    case CLOCK_PROCESS_CPUTIME_ID: return process_cpu_time(task.process);
    case CLOCK_THREAD_CPUTIME_ID: return task_cpu_time(task);
    default: break;
  }
  if (clock >= 0) return Error::from_errno(EINVAL);
  return read_dynamic_clock(task, clock);
}

bool is_cpu_clock(clockid_t clock) {
  return clock == CLOCK_PROCESS_CPUTIME_ID || clock == CLOCK_THREAD_CPUTIME_ID || clock < 0;
}

std::uint64_t deadline_on(clockid_t clock, std::uint64_t time) {
  std::uint64_t now = core::monotonic_now();
  if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_ALARM || clock == CLOCK_TAI)
    now = core::realtime_now();
  else if (clock == CLOCK_BOOTTIME || clock == CLOCK_BOOTTIME_ALARM)
    now = core::boottime_now();
  return time > now ? deadline_after(time - now) : 0;
}
}  // namespace cloister::kernel
