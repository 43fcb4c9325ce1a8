// SPDX-License-Identifier: Apache-2.0
// Time-outs of poll, select and epoll_wait as deadlines on CLOCK_MONOTONIC. 0 means "only look". Trusted, kernel
// storey.
#pragma once
#include "src/enclave/syscalls/handlers.h"

namespace cloister::syscalls {
inline bool is_interrupted(const SysResult& result) { return !result.ok() && result.error().errno_value() == EINTR; }
// Milliseconds; negative: for ever. What the core began (Task::wait_deadline) goes on.
std::uint64_t deadline_of_milliseconds(Task& task, int milliseconds);
// A timespec; null: for ever. EINVAL, EFAULT.
Result<std::uint64_t> deadline_of_timespec(ProgramAddress time_out);
Result<std::uint64_t> deadline_of_timeval(ProgramAddress time_out);
// What is left, as ppoll and select report it; failing to is no error.
void report_time_left(ProgramAddress timespec_address, std::uint64_t deadline);
void report_time_left_as_timeval(ProgramAddress timeval_address, std::uint64_t deadline);
}  // namespace cloister::syscalls
