// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/kernel/signal_delivery.h"
#include <asm/unistd_64.h>
#include "src/enclave/core/host_call.h"
#include "src/enclave/kernel/address_space.h"
#include "src/enclave/kernel/crash_report.h"
#include "src/enclave/kernel/process_end.h"
#include "src/enclave/kernel/signals.h"
#include "src/enclave/kernel/system_call_restart.h"
#include "src/enclave/kernel/task.h"
#include "src/enclave/kernel/task_end.h"
#include "src/enclave/vfs/file_reclaim.h"

namespace cloister::kernel {
namespace {
struct Delivery {
  siginfo_t info;
  SignalAction action;
};

// The next signal that the task does not block, with its disposition; SA_RESETHAND takes effect here.
bool next_delivery(Task& task, Delivery* delivery) {
  {
    const std::lock_guard guard(task.process.mutex);
    if (!dequeue_signal(task.pending, ~task.signal_mask, &delivery->info) &&
        !dequeue_signal(task.process.pending, ~task.signal_mask, &delivery->info))
      return false;
    SignalAction& action = task.process.actions[static_cast<std::size_t>(delivery->info.si_signo)];
    delivery->action = action;
    if ((action.flags & SA_RESETHAND) != 0 && action.handler != kIgnoreHandler) action.handler = kDefaultHandler;
  }
  note_timer_notification(task.process, delivery->info);
  return true;
}

void act_by_default(Task& task, const core::ProgramContext& context, const siginfo_t& info) {
  switch (default_action(info.si_signo)) {
    case DefaultAction::ignore:
    case DefaultAction::resume: return;
    case DefaultAction::stop: core::host_call(HostCall::raise_stop, static_cast<std::uint64_t>(info.si_signo)); return;
    case DefaultAction::dump_core: report_crash(task, context, info); [[fallthrough]];
    case DefaultAction::terminate: end_process_by_signal(task.process, info.si_signo);
  }
}

// The handler's own stack is gone: its signal cannot be told, and SIGSEGV ends the process if that was the signal.
void refuse_frame(Task& task, int signal) {
  if (signal == SIGSEGV) {
    const std::lock_guard guard(task.process.mutex);
    task.process.actions[SIGSEGV].handler = kDefaultHandler;
  }
  force_signal(task, signal_from_kernel(SIGSEGV));
}

void deliver_signals(Task& task, core::ProgramContext* context) {
  task.opened.file = nullptr;  // a signal may tell that the file has changed
  Delivery delivery;
  while (next_delivery(task, &delivery)) {
    const int signal = delivery.info.si_signo;
    if (delivery.action.handler == kIgnoreHandler) continue;
    if (delivery.action.handler == kDefaultHandler) {
      act_by_default(task, *context, delivery.info);
      continue;
    }
    resolve_for_handler(task, context, delivery.action);
    const SignalSet mask = task.signal_mask;
    task.copy_lacked_memory = false;
    if (!enter_handler(task, context, delivery.action, delivery.info)) {
      if (task.copy_lacked_memory) end_process_without_memory(task.process);
      refuse_frame(task, signal);
      continue;
    }
    task.restore_saved_mask = false;  // the frame restores it
    const SignalSet own = (delivery.action.flags & SA_NODEFER) != 0 ? 0 : signal_bit(signal);
    set_signal_mask(task, mask | delivery.action.mask | own);
  }
  resolve_without_handler(task, context);
  if (task.restore_saved_mask) {
    task.restore_saved_mask = false;
    set_signal_mask(task, task.saved_mask);
  }
}
}  // namespace

void handle_work(core::Thread* thread, core::ProgramContext* context) {
  Task& task = *current_task();
  const std::uint64_t work = __atomic_exchange_n(&thread->work, 0, __ATOMIC_ACQ_REL);
  if ((work & core::kWorkHostSignal) != 0) forward_host_signals(thread, task.process);
  if ((work & core::kWorkFiles) != 0) vfs::reclaim_files();
  if ((work & core::kWorkExit) != 0) leave_task(task);
  deliver_signals(task, context);
}
}  // namespace cloister::kernel
