// SPDX-License-Identifier: Apache-2.0
// A task: what Linux calls a thread. It runs on a core::Thread (a virtual CPU with its TCS). Trusted, kernel storey.
#pragma once
#include <array>
#include "src/enclave/core/task.h"
#include "src/enclave/kernel/process.h"
#include "src/enclave/kernel/signal_state.h"

namespace cloister::kernel {

// How an interrupted call with a relative time-out goes on when no handler ran: Linux's restart_block. A handler that
// returns core::kRestartBlock sets it; restart_syscall(2) takes it.
struct RestartBlock {
  Result<std::int64_t> (*function)(class Task& task, const RestartBlock& block) = nullptr;
  std::uint64_t deadline = 0;  // CLOCK_MONOTONIC, ns
  std::uint64_t arguments[4] = {};
};

// What the last fault looked like, for signal frames.
struct FaultRecord {
  std::uint64_t trap_number = 0, error_code = 0, address = 0;
};

class Task : public core::Task {
 public:
  // Enters the task into the process's list. Its thread is set by attach().
  Task(Process& owner, std::uint32_t id);
  ~Task();
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  // From now on the calling thread runs this task.
  void attach(core::Thread* self);

  Process& process;
  SignalSet signal_mask = 0;  // changed by the task itself only
  SignalSet saved_mask = 0;   // sigsuspend, ppoll, pselect, epoll_pwait: restored after delivery
  bool restore_saved_mask = false;
  PendingSignals pending;  // thread-directed; guarded by process.mutex
  AlternateStack alternate_stack;
  std::uint64_t clear_child_tid = 0;  // set_tid_address
  std::uint64_t robust_list = 0;
  std::array<char, 16> name{};
  WaitQueue signal_arrived;  // sigtimedwait
  RestartBlock restart_block;
  FaultRecord fault;
  bool copy_lacked_memory = false;  // why the last copy that failed in the program's memory did
  bool ending = false;              // exit(2) was called: no signal is sent here any more
  std::uint64_t program_gs = 0;     // arch_prctl: a number only
  std::uint64_t timer_slack = 50'000;
  int death_signal = 0;  // PR_SET_PDEATHSIG
  int nice = 0;
  int io_priority = 0;                       // ioprio_set
  int scheduling_policy = 0;                 // SCHED_OTHER
  std::array<std::uint64_t, 16> affinity{};  // CPU n: bit n
  std::uint64_t start_time = 0;              // CLOCK_MONOTONIC, ns; of attach()
  std::uint64_t slept_before = 0;            // Thread::slept_ticks when the task began

  core::ProgramContext* context() const { return thread->context; }
};

// The task of the calling thread.
inline Task* current_task() { return static_cast<Task*>(core::current_thread()->task); }
}  // namespace cloister::kernel
