// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/syscalls/wait_times.h"
#include <sys/time.h>
#include <utility>
#include "src/enclave/core/clock.h"
#include "src/enclave/kernel/time_values.h"

namespace cloister::syscalls {
namespace {
constexpr std::int64_t kMicrosecondsPerSecond = 1'000'000;

std::uint64_t deadline_after(std::uint64_t nanoseconds) {
  return nanoseconds == 0 ? 0 : kernel::deadline_after(nanoseconds);
}
std::uint64_t time_left(std::uint64_t deadline) {
  const std::uint64_t now = deadline == 0 ? 0 : core::monotonic_now();
  return deadline > now ? deadline - now : 0;
}
}  // namespace

std::uint64_t deadline_of_milliseconds(Task& task, int milliseconds) {
  const std::uint64_t begun = std::exchange(task.wait_deadline, 0);
  if (begun != 0) return begun;
  return milliseconds < 0 ? kernel::kNoDeadline : deadline_after(static_cast<std::uint64_t>(milliseconds) * 1'000'000);
}

Result<std::uint64_t> deadline_of_timespec(ProgramAddress time_out) {
  if (time_out.is_null()) return std::uint64_t{kernel::kNoDeadline};
  return deadline_after(TRY(kernel::load_timespec(time_out)));
}

Result<std::uint64_t> deadline_of_timeval(ProgramAddress time_out) {
  if (time_out.is_null()) return std::uint64_t{kernel::kNoDeadline};
  const auto time = TRY(time_out.load<timeval>());
  // Microseconds may exceed a second, as Linux allows.
  const timespec normal = {time.tv_sec + time.tv_usec / kMicrosecondsPerSecond,
                           time.tv_usec % kMicrosecondsPerSecond * 1000};
  return deadline_after(TRY(kernel::nanoseconds_of(normal)));
}

void report_time_left(ProgramAddress address, std::uint64_t deadline) {
  if (!address.is_null() && deadline != kernel::kNoDeadline)
    (void)address.store(kernel::timespec_of(time_left(deadline)));
}

void report_time_left_as_timeval(ProgramAddress address, std::uint64_t deadline) {
  if (address.is_null() || deadline == kernel::kNoDeadline) return;
  const timespec left = kernel::timespec_of(time_left(deadline));
  (void)address.store(timeval{left.tv_sec, left.tv_nsec / 1000});
}
}  // namespace cloister::syscalls
