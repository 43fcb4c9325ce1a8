// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/kernel/signals.h"
#include <vector>
#include "src/enclave/core/interrupt.h"
#include "src/enclave/kernel/task.h"

namespace cloister::kernel {
namespace {
bool wants(const Task& task, int signal) {
  return !task.ending && task.thread != nullptr && (task.signal_mask & signal_bit(signal)) == 0;
}

// As Linux does: the leader first, then whoever has nothing else to do. With the mutex held.
Task* choose_task(Process& process, int signal) {
  Task* busy = nullptr;
  for (Task* task : process.tasks) {
    if (!wants(*task, signal)) continue;
    if (__atomic_load_n(&task->thread->work, __ATOMIC_RELAXED) == 0) return task;
    if (busy == nullptr) busy = task;
  }
  return busy;
}

// A stop signal takes back a pending SIGCONT, and the reverse.
void cancel_opposites(Process& process, int signal) {
  SignalSet opposite = 0;
  if (signal == SIGCONT)
    opposite = kStopSignals;
  else if ((signal_bit(signal) & kStopSignals) != 0)
    opposite = signal_bit(SIGCONT);
  if (opposite == 0) return;
  discard_signals(process.pending, opposite);
  for (Task* task : process.tasks) discard_signals(task->pending, opposite);
}

// Real-time signals queue up to a limit.
bool is_full(const Process& process, const PendingSignals& pending, int signal) {
  return signal >= kFirstRealTimeSignal && pending.queue.size() >= process.limits[RLIMIT_SIGPENDING].rlim_cur;
}

// Queues it and returns the thread to interrupt, or null. With the mutex held. `target`: null for the whole process.
core::Thread* queue_signal(Process& process, Task* target, const siginfo_t& info, Repeat repeat) {
  const int signal = info.si_signo;
  if (process.tasks.empty()) return nullptr;
  cancel_opposites(process, signal);
  const Task& judge = target != nullptr ? *target : *process.tasks.front();
  const bool is_blocked = (judge.signal_mask & signal_bit(signal)) != 0;
  if (!is_blocked && is_ignored(process.actions[static_cast<std::size_t>(signal)], signal)) return nullptr;
  PendingSignals& pending = target != nullptr ? target->pending : process.pending;
  // Who can be told that the queue is full has been told (is_queue_full). Of the others' one of each kind finds room.
  const bool is_pending = (pending.set & signal_bit(signal)) != 0;
  if ((is_pending && is_full(process, pending, signal)) || !enqueue_signal(pending, info, repeat)) return nullptr;
  process.signal_arrived.wake_all();
  if (target != nullptr) {
    target->signal_arrived.wake_all();
    return wants(*target, signal) ? target->thread : nullptr;
  }
  for (Task* task : process.tasks) task->signal_arrived.wake_all();
  const Task* chosen = choose_task(process, signal);
  return chosen != nullptr ? chosen->thread : nullptr;
}

void interrupt(core::Thread* thread) {
  if (thread != nullptr) core::interrupt_thread(thread, core::kWorkSignal);
}
}  // namespace

siginfo_t signal_from(const Task& sender, int signal, int code) {
  siginfo_t info{};
  info.si_signo = signal;
  info.si_code = code;
  info.si_pid = static_cast<pid_t>(sender.process.pid);
  info.si_uid = sender.process.credentials.uid;
  return info;
}

siginfo_t signal_from_kernel(int signal) {
  siginfo_t info{};
  info.si_signo = signal;
  info.si_code = SI_KERNEL;
  return info;
}

bool is_queue_full(Process& process, std::uint32_t tid, int signal) {
  const std::lock_guard guard(process.mutex);
  Task* const task = tid != 0 ? process.find_task(tid) : nullptr;
  return is_full(process, task != nullptr ? task->pending : process.pending, signal);
}

void send_to_process(Process& process, const siginfo_t& info, Repeat repeat) {
  core::Thread* thread;
  {
    const std::lock_guard guard(process.mutex);
    thread = queue_signal(process, nullptr, info, repeat);
  }
  interrupt(thread);
}

bool send_to_task(Process& process, std::uint32_t tid, const siginfo_t& info, Repeat repeat) {
  core::Thread* thread;
  {
    const std::lock_guard guard(process.mutex);
    Task* const target = process.find_task(tid);
    if (target == nullptr) return false;
    thread = queue_signal(process, target, info, repeat);
  }
  interrupt(thread);
  return true;
}

void raise_signal(Task& task, int signal) { send_to_task(task.process, task.tid, signal_from(task, signal, SI_USER)); }

void force_signal(Task& task, const siginfo_t& info) {
  const std::lock_guard guard(task.process.mutex);
  const SignalSet bit = signal_bit(info.si_signo);
  SignalAction& action = task.process.actions[static_cast<std::size_t>(info.si_signo)];
  if ((task.signal_mask & bit) != 0 || action.handler == kIgnoreHandler) action.handler = kDefaultHandler;
  task.signal_mask &= ~bit;
  enqueue_signal(task.pending, info);
  __atomic_fetch_or(&task.thread->work, static_cast<std::uint64_t>(core::kWorkSignal), __ATOMIC_RELAXED);
}

bool add_timer_overrun(Process& process, std::uint32_t tid, int timer, std::uint64_t expiries) {
  const std::lock_guard guard(process.mutex);
  Task* const task = tid != 0 ? process.find_task(tid) : nullptr;
  if (tid != 0 && task == nullptr) return false;
  for (siginfo_t& info : (task != nullptr ? task->pending : process.pending).queue) {
    if (info.si_code != SI_TIMER || info.si_timerid != timer) continue;
    constexpr std::uint64_t kMost = INT32_MAX;
    const std::uint64_t total = static_cast<std::uint64_t>(info.si_overrun) + expiries;
    info.si_overrun = static_cast<int>(total < kMost ? total : kMost);
    return true;
  }
  return false;
}

SignalSet pending_signals(Task& task) {
  const std::lock_guard guard(task.process.mutex);
  return task.pending.set | task.process.pending.set;
}

bool take_signal(Task& task, SignalSet set, siginfo_t* info) {
  {
    const std::lock_guard guard(task.process.mutex);
    if (!dequeue_signal(task.pending, set, info) && !dequeue_signal(task.process.pending, set, info)) return false;
  }
  note_timer_notification(task.process, *info);
  return true;
}

SignalSet signals_of_the_host(const Process& process) {
  return process.manifest->host_signals & ~kFaultSignals & ~kUnblockableSignals;
}

void forward_host_signals(core::Thread* thread, Process& process) {
  SignalSet arrived = __atomic_exchange_n(&thread->host_signals, 0, __ATOMIC_ACQUIRE) & signals_of_the_host(process);
  for (; arrived != 0; arrived &= arrived - 1) {
    siginfo_t info{};
    info.si_signo = __builtin_ctzll(arrived) + 1;
    info.si_code = SI_USER;
    send_to_process(process, info);
  }
}

void hand_over_signals(Task& task) {
  std::vector<core::Thread*> threads;
  {
    const std::lock_guard guard(task.process.mutex);
    for (SignalSet left = task.process.pending.set; left != 0; left &= left - 1) {
      const Task* chosen = choose_task(task.process, __builtin_ctzll(left) + 1);
      if (chosen != nullptr && chosen != &task) threads.push_back(chosen->thread);
    }
  }
  for (core::Thread* thread : threads) interrupt(thread);
}
}  // namespace cloister::kernel
