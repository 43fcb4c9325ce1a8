// SPDX-License-Identifier: Apache-2.0
// Virtual CPUs of the enclave: threads of the runtime that run tasks, one after the other. Making one takes a TCS and a
// host thread; so a CPU whose task has ended waits for the next one. They belong to the enclave, not to a process.
// Trusted.
#pragma once
#include <vector>
#include "src/base/result.h"
#include "src/enclave/core/thread.h"

namespace cloister::kernel {
class Task;
class VirtualCpu;

// An idle CPU, or a new one. EAGAIN.
Result<VirtualCpu*> take_cpu();
// Its thread, whose XSAVE area the caller fills.
core::Thread* thread_of(VirtualCpu& cpu);
// Runs `task` from `context` and `fs_base` on it. Its `thread` is set already, so that signals find it.
void start_task(VirtualCpu& cpu, Task& task, const core::ProgramContext& context, std::uint64_t fs_base);
// take_cpu without a task to run after all.
void give_back_cpu(VirtualCpu& cpu);
// The threads of all idle CPUs.
std::vector<core::Thread*> idle_threads();

// A task's thread is about to become idle; it may get its next task from now on.
void announce_idle(core::Thread* thread);
// After announce_idle(), on the same thread: gives up the stack and waits for the next task.
[[noreturn]] void become_idle();
}  // namespace cloister::kernel
