// SPDX-License-Identifier: Apache-2.0
// CPU time without asking the host: what has passed less what was spent in waiting calls. An upper bound, since time in
// which the host ran something else counts as the task's. Trusted, kernel storey. Nanoseconds.
#pragma once
#include <cstdint>

namespace cloister::kernel {
class Process;
class Task;
std::uint64_t task_cpu_time(const Task& task);
std::uint64_t process_cpu_time(Process& process);
}  // namespace cloister::kernel
