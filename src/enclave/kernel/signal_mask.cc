// SPDX-License-Identifier: Apache-2.0
// A task's signal mask: replacing it, and replacing it while a call waits.
#include <vector>
#include "src/enclave/kernel/signals.h"
#include "src/enclave/kernel/task.h"

namespace cloister::kernel {

void set_signal_mask(Task& task, SignalSet mask) {
  Process& process = task.process;
  bool hand_over = false;
  {
    const std::lock_guard guard(process.mutex);
    mask &= ~kUnblockableSignals;
    // A signal of the process may have been meant for this task, which now blocks it.
    hand_over = (process.pending.set & mask & ~task.signal_mask) != 0;
    task.signal_mask = mask;
    if (((task.pending.set | process.pending.set) & ~mask) != 0)
      __atomic_fetch_or(&task.thread->work, static_cast<std::uint64_t>(core::kWorkSignal), __ATOMIC_RELAXED);
  }
  if (hand_over) hand_over_signals(task);
}

Result<void> begin_temporary_mask(Task& task, ProgramAddress set, std::uint64_t size) {
  if (set.is_null()) return {};
  if (size != sizeof(SignalSet)) return Error::from_errno(EINVAL);
  const auto mask = TRY(set.load<SignalSet>());
  task.saved_mask = task.signal_mask;
  task.restore_saved_mask = true;
  set_signal_mask(task, mask);
  return {};
}

void end_temporary_mask(Task& task, Wait how) {
  if (!task.restore_saved_mask || how == Wait::interrupted) return;
  task.restore_saved_mask = false;
  set_signal_mask(task, task.saved_mask);
}
}  // namespace cloister::kernel
