// SPDX-License-Identifier: Apache-2.0
// Sending signals and changing masks. Trusted, kernel storey.
//
// Process::mutex guards dispositions, pending signals and every task's mask; a task's own mask is written by the task
// alone. A sender queues the signal, marks Thread::work of the task that shall take it and kicks it; the task looks at
// what is pending when it returns to the program (signal_delivery.h). None of these touches program memory.
#pragma once
#include "src/base/result.h"
#include "src/enclave/core/thread.h"
#include "src/enclave/kernel/program_memory.h"
#include "src/enclave/kernel/signal_queue.h"

namespace cloister::kernel {
class Process;
class Task;

// A signal that `sender` sends: si_code SI_USER, SI_TKILL, …
siginfo_t signal_from(const Task& sender, int signal, int code);
// One that the kernel sends of its own accord: SI_KERNEL.
siginfo_t signal_from_kernel(int signal);

// Would another real-time signal be dropped (RLIMIT_SIGPENDING)? `tid`: 0 for the process's own signals.
bool is_queue_full(Process& process, std::uint32_t tid, int signal);
// To any task of the process that does not block it.
void send_to_process(Process& process, const siginfo_t& info, Repeat repeat = Repeat::merge);
// To the task with this id; false: there is none.
bool send_to_task(Process& process, std::uint32_t tid, const siginfo_t& info, Repeat repeat = Repeat::merge);
// Sends `signal` to the calling task, as the kernel does for SIGPIPE.
void raise_signal(Task& task, int signal);
// A fault of the calling task: neither blocking nor ignoring it helps, then it ends the process.
void force_signal(Task& task, const siginfo_t& info);

// A notification of this timer that still waits counts `expiries` more; false: none waits. `tid`: 0 for the process's
// own signals.
bool add_timer_overrun(Process& process, std::uint32_t tid, int timer, std::uint64_t expiries);
// The program has this signal now. If a timer sent it, what it says of overruns is what timer_getoverrun() says.
void note_timer_notification(Process& process, const siginfo_t& info);

// Replaces the calling task's mask and finds out anew whether it has a signal to take.
void set_signal_mask(Task& task, SignalSet mask);
// What is pending for the task, its own and the process's.
SignalSet pending_signals(Task& task);
// Takes a pending signal of `set`, blocked or not: sigtimedwait, signalfd. False: none.
bool take_signal(Task& task, SignalSet set, siginfo_t* info);
// Process-directed signals that waited for this task go to another one; for a task that ends.
void hand_over_signals(Task& task);

// ppoll, pselect6, epoll_pwait, rt_sigsuspend: the mask at `set` while the call waits; a null address changes nothing.
//   TRY(begin_temporary_mask(task, set, size));  … wait …  end_temporary_mask(task, was_interrupted);
// After an interruption the handler runs with the temporary mask, and delivery restores the old one. EINVAL, EFAULT.
Result<void> begin_temporary_mask(Task& task, ProgramAddress set, std::uint64_t size);
enum class Wait { finished, interrupted };
void end_temporary_mask(Task& task, Wait how);

// Signals that the host noted for this thread: those that the manifest allows go to the process, without the host's
// siginfo.
void forward_host_signals(core::Thread* thread, Process& process);
// Which those are (E-8): faults come from the processor alone, and SIGKILL and SIGSTOP are the host's own business.
SignalSet signals_of_the_host(const Process& process);
}  // namespace cloister::kernel
