// SPDX-License-Identifier: Apache-2.0
// Calls that wait for signals. A thread may be woken for nothing (a kick that the host made up): then the call is
// repeated and the program does not notice.
#include "src/enclave/kernel/signals.h"
#include "src/enclave/kernel/time_values.h"
#include "src/enclave/syscalls/task_handlers.h"

namespace cloister::syscalls {
namespace {
using kernel::SignalSet;

SysResult wait_for_signal(Task& task, SignalSet set, ProgramAddress info_address, std::uint64_t deadline) {
  kernel::Sleeper sleeper;
  kernel::QueueWaiter waiter(task.signal_arrived, sleeper);
  for (bool last = false;;) {
    siginfo_t info;
    if (kernel::take_signal(task, set, &info)) {
      if (!info_address.is_null()) TRY(info_address.store(info));
      return info.si_signo;
    }
    if (last) return Error::from_errno(EAGAIN);
    const auto slept = sleeper.sleep(deadline);
    if (slept.ok()) continue;
    if (slept.error().errno_value() != EINTR)
      last = true;
    else
      break;
  }
  siginfo_t info;  // it may be one of those that were waited for, if the program does not block them
  if (kernel::take_signal(task, set, &info)) {
    if (!info_address.is_null()) TRY(info_address.store(info));
    return info.si_signo;
  }
  const auto again = [](Task& same, const kernel::RestartBlock& block) {
    return wait_for_signal(same, block.arguments[0], ProgramAddress{block.arguments[1]}, block.deadline);
  };
  return restart_later(task, {again, deadline, {set, info_address.value}});
}

// Only a signal ends it.
SysResult sleep_until_signal() {
  kernel::Sleeper sleeper;
  while (sleeper.sleep(kernel::kNoDeadline).ok()) {
  }
  return restart_no_hand();
}
}  // namespace

SysResult sys_rt_sigtimedwait(Task& task, ProgramAddress set, ProgramAddress info, ProgramAddress timeout,
                              std::uint64_t size) {
  if (size != sizeof(SignalSet)) return Error::from_errno(EINVAL);
  const SignalSet wanted = TRY(set.load<SignalSet>()) & ~kernel::kUnblockableSignals;
  std::uint64_t deadline = kernel::kNoDeadline;
  if (!timeout.is_null()) deadline = kernel::deadline_after(TRY(kernel::load_timespec(timeout)));
  return wait_for_signal(task, wanted, info, deadline);
}

SysResult sys_rt_sigsuspend(Task& task, ProgramAddress set, std::uint64_t size) {
  if (size != sizeof(SignalSet)) return Error::from_errno(EINVAL);
  if (set.is_null()) return Error::from_errno(EFAULT);
  TRY(kernel::begin_temporary_mask(task, set, size));
  return sleep_until_signal();
}

SysResult sys_pause(Task&) { return sleep_until_signal(); }
}  // namespace cloister::syscalls
