// SPDX-License-Identifier: Apache-2.0
// Calls of signal handlers: the frame goes to the program's stack, and comes back from there.
#include <cstring>
#include "src/enclave/core/program_access.h"
#include "src/enclave/kernel/address_space.h"
#include "src/enclave/kernel/extended_state.h"
#include "src/enclave/kernel/signal_delivery.h"
#include "src/enclave/kernel/signal_frame.h"
#include "src/enclave/kernel/signals.h"
#include "src/enclave/kernel/task.h"

namespace cloister::kernel {
namespace {
constexpr std::uint64_t kSaRestorer = 0x04000000;

// The registers with original addresses: unwinders and debuggers know nothing of trampolines.
core::ProgramContext visible_registers(Task& task, const core::ProgramContext& context) {
  core::ProgramContext visible = context;
  const OriginalPosition position = task.process.memory->original_position(context.rip);
  visible.rip = position.pc;
  visible.rsp += position.stack_adjustment;
  return visible;
}
}  // namespace

bool enter_handler(Task& task, core::ProgramContext* context, const SignalAction& action, const siginfo_t& info) {
  // Without a restorer there is no way back; and a handler outside program memory would fault in the runtime.
  if ((action.flags & kSaRestorer) == 0 || !core::is_program_range(action.handler, 1)) return false;
  const core::ProgramContext visible = visible_registers(task, *context);
  const StackChoice choice = (action.flags & SA_ONSTACK) != 0 ? StackChoice::alternate : StackChoice::current;
  const auto place = place_frame(visible.rsp, task.alternate_stack, choice, extended_state_size());
  if (!place) return false;
  abi::SignalFrame frame;
  const SignalSet mask = task.restore_saved_mask ? task.saved_mask : task.signal_mask;
  fill_frame(&frame, place->fpstate,
             {visible, info, task.alternate_stack, mask, action.restorer, task.fault.trap_number, task.fault.error_code,
              task.fault.address});
  if (!store_extended_state(task.thread->xsave_area, place->fpstate) || !core::store_program(place->frame, frame))
    return false;

  if ((static_cast<std::uint32_t>(task.alternate_stack.flags) & kSsAutodisarm) != 0) task.alternate_stack = {};
  set_initial_extended_state(task.thread->xsave_area);
  context->rip = action.handler;
  context->rsp = place->frame;
  context->rdi = static_cast<std::uint64_t>(info.si_signo);
  context->rsi = place->frame + offsetof(abi::SignalFrame, info);
  context->rdx = place->frame + offsetof(abi::SignalFrame, context);
  context->rax = 0;
  context->rflags &= ~(abi::kFlagTrap | abi::kFlagDirection | abi::kFlagResume);
  context->orig_rax = core::kNoSystemCall;
  context->full = core::kFullReturnWithVectors;
  return true;
}

bool leave_handler(Task& task, core::ProgramContext* context) {
  abi::SignalFrame frame;
  if (!core::load_program(context->rsp - sizeof frame.return_address, &frame)) return false;
  const abi::UserContext& user = frame.context;
  if (!load_extended_state(task.thread->xsave_area, user.registers.fpstate)) return false;
  registers_of_frame(user.registers, context);
  if (!core::is_program_range(context->rip, 1)) return false;
  // A window that was rewritten is entered in its trampoline: a call to repeat, or one that a signal interrupted
  // half-way.
  context->rip = task.process.memory->entry_for_restart(context->rip);
  context->orig_rax = core::kNoSystemCall;
  context->full = core::kFullReturnWithVectors;
  task.restart_block.function = nullptr;
  set_signal_mask(task, user.mask);
  if (!is_on_alternate_stack(task.alternate_stack, context->rsp))
    task.alternate_stack = {user.stack.address, user.stack.size, user.stack.flags};
  return true;
}
}  // namespace cloister::kernel
