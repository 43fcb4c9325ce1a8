// SPDX-License-Identifier: Apache-2.0
// The end of a task: what its pthread library asked for happens, the task vanishes, its thread becomes idle. Trusted.
#pragma once

namespace cloister::kernel {
class Task;

// On the task's own thread, without locks. Deletes the task, which was made with `new`; nothing of the caller's stack
// is destroyed, so that it must own nothing. The last task of a process ends the process.
[[noreturn]] void leave_task(Task& task);
// exit(2): the task leaves on its way back to the program, from a shallow stack.
void begin_task_end(Task& task, int status);
}  // namespace cloister::kernel
