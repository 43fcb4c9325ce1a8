// SPDX-License-Identifier: Apache-2.0
// The program's threads: the first, and another one for as long as the program has it. One runs at a time; while a
// thread waits for the other, the host lets that one go on.
#pragma once
#include <functional>
#include <memory>
#include <vector>
#include "src/enclave/kernel/task.h"

namespace cloister::fuzz {
// Its host block lies between pages that nobody can touch.
core::Thread* make_thread();
const std::vector<core::HostAddress>& host_blocks();  // of all threads
void become(core::Thread* thread);
// As it was made.
void reset_thread(core::Thread& thread);
// Of an enclave that has stopped: it never settles what it has sent, and what it was about to receive ahead.
void forget_requests(core::Task& task);

class SecondThread {
 public:
  explicit SecondThread(kernel::Process& process) : process_(process) {}
  ~SecondThread() { forget(); }
  SecondThread(const SecondThread&) = delete;
  SecondThread& operator=(const SecondThread&) = delete;

  // Begins it if there is none.
  void run(const std::function<void(kernel::Task&)>& part);
  void end();
  void forget();

 private:
  kernel::Process& process_;
  std::unique_ptr<kernel::Task> task_;
};

// The host yields, or has been asked to interrupt a thread: the one that does not run now sees to its work.
void let_other_thread_work();
}  // namespace cloister::fuzz
