// SPDX-License-Identifier: Apache-2.0
// The end of a process: the other tasks stop, what must reach files gets there, the host part leaves with the program's
// status. Trusted, kernel storey.
#pragma once

namespace cloister::kernel {
class Process;

// exit_group: `status` is 0 to 255.
[[noreturn]] void end_process(Process& process, int status);
// The parent sees the process ended by `signal`.
[[noreturn]] void end_process_by_signal(Process& process, int signal);
// What the program needs next has no enclave memory: that is said, and SIGKILL ends it as Linux's OOM killer would.
[[noreturn]] void end_process_without_memory(Process& process);
// The same where the runtime itself has none (std::new_handler): at once, whatever locks are held.
[[noreturn]] void die_without_memory();
// Called before the process is gone, after its tasks have stopped (statistics, traces). At most eight, in order.
void call_at_end(void (*hook)(Process&));
}  // namespace cloister::kernel
