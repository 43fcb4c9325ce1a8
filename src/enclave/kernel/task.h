// SPDX-License-Identifier: Apache-2.0
// A task: what Linux calls a thread. It runs on a core::Thread (a virtual CPU with its TCS). Trusted, kernel storey.
#pragma once
#include <array>
#include "src/enclave/core/task.h"
#include "src/enclave/kernel/process.h"
#include "src/enclave/kernel/signal_state.h"

namespace cloister::kernel {

class Task : public core::Task {
 public:
  Task(Process& owner, std::uint32_t id);
  ~Task();

  Process& process;
  SignalSet signal_mask = 0;          // changed by the task itself only
  SignalSet saved_mask = 0;           // sigsuspend, ppoll, pselect, epoll_pwait: restored after delivery
  bool restore_saved_mask = false;
  PendingSignals pending;             // thread-directed; guarded by process.mutex
  AlternateStack alternate_stack;
  std::uint64_t clear_child_tid = 0;  // set_tid_address
  std::uint64_t robust_list = 0;
  std::array<char, 16> name{};
  WaitQueue signal_arrived;           // sigtimedwait, signalfd

  core::ProgramContext* context() const { return thread->context; }
};

// The task of the calling thread.
inline Task* current_task() { return static_cast<Task*>(core::current_thread()->task); }
}  // namespace cloister::kernel
