// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/kernel/system_call_restart.h"
#include <asm/unistd_64.h>
#include <cerrno>
#include "src/enclave/kernel/address_space.h"
#include "src/enclave/kernel/futex_restart.h"
#include "src/enclave/kernel/task.h"

namespace cloister::kernel {
namespace {
constexpr std::uint64_t kInstructionSize = 2;

// Shows the original addresses: behind a rewritten call the context may continue in a trampoline.
void show_original(Task& task, core::ProgramContext* context) {
  context->rip = task.process.memory->original_pc(context->rip);
  context->rcx = context->rip;
}
}  // namespace

void resolve_for_handler(Task& task, core::ProgramContext* context, const SignalAction& action) {
  if (context->orig_rax == core::kNoSystemCall) return;
  const std::uint64_t number = context->orig_rax;
  context->orig_rax = core::kNoSystemCall;  // for the handler's own return, and for further handlers
  show_original(task, context);
  switch (static_cast<std::int64_t>(context->rax)) {
    case core::kRestartSys:
      if ((action.flags & SA_RESTART) == 0) break;
      [[fallthrough]];
    case core::kRestartNoIntr:
      context->rax = number;
      context->rip -= kInstructionSize;
      return;
    case core::kRestartNoHand:
    case core::kRestartBlock: break;
    default: return;
  }
  context->rax = static_cast<std::uint64_t>(-EINTR);
}

void resolve_without_handler(Task& task, core::ProgramContext* context) {
  if (context->orig_rax == core::kNoSystemCall) return;
  const auto result = static_cast<std::int64_t>(context->rax);
  if (result > core::kRestartSys || result < core::kRestartBlock) return;
  std::uint64_t number = context->orig_rax;
  if (result == core::kRestartBlock) {
    if (number == __NR_futex) set_futex_restart(task, *context);
    if (task.restart_block.function != nullptr) number = __NR_restart_syscall;
  }
  show_original(task, context);
  context->rax = number;
  context->rip = task.process.memory->entry_for_restart(context->rip - kInstructionSize);
  context->orig_rax = core::kNoSystemCall;
}
}  // namespace cloister::kernel
