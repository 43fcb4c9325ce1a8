// SPDX-License-Identifier: Apache-2.0
// What `--stats` prints: calls, host calls, exits, traps, page faults, bytes. Trusted, kernel storey.
#pragma once

namespace cloister::kernel {
class Process;
// For call_at_end: prints when statistics were asked for.
void print_statistics(Process& process);
// The statistics of a thread that goes; its counters start again.
void request_statistics();
}  // namespace cloister::kernel
