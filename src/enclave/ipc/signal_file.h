// SPDX-License-Identifier: Apache-2.0
// signalfd: pending signals of the reading task and its process, read instead of handled. Trusted, kernel storey.
#pragma once
#include <atomic>
#include "src/enclave/kernel/signal_state.h"
#include "src/enclave/vfs/open_file.h"

namespace cloister::kernel {
class Process;
}

namespace cloister::ipc {
using kernel::IoVector;
using kernel::Task;

class SignalFile final : public vfs::OpenFile {
 public:
  SignalFile(kernel::Process& process, kernel::SignalSet set, std::uint32_t flags);

  static constexpr char kPath[] = "anon_inode:[signalfd]";  // nothing else has this path
  void set_signals(kernel::SignalSet set) { set_.store(set, std::memory_order_relaxed); }

  // Whole signalfd_siginfo records, at least one; EINVAL for less room.
  Result<std::size_t> read(Task& task, const IoVector& to) override;
  Result<std::int64_t> seek(std::int64_t, int) override { return 0; }
  std::uint32_t readiness() override;  // for the task that asks
  kernel::WaitQueue* wait_queue() override;

 private:
  kernel::Process& process_;
  std::atomic<kernel::SignalSet> set_;
};
}  // namespace cloister::ipc
