// SPDX-License-Identifier: Apache-2.0
// Dispositions, masks, stacks and pending signals.
#include "src/enclave/kernel/signal_delivery.h"
#include "src/enclave/kernel/signal_frame.h"
#include "src/enclave/kernel/signals.h"
#include "src/enclave/syscalls/task_handlers.h"

namespace cloister::syscalls {
namespace {
using kernel::SignalAction;
using kernel::SignalSet;

constexpr std::uint64_t kKnownFlags = SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_ONSTACK | SA_RESTART | SA_NODEFER |
                                      0x80000000u /* SA_RESETHAND */ | 0x04000000 /* SA_RESTORER */ |
                                      0x800 /* SA_EXPOSE_TAGBITS */;
constexpr std::uint64_t kLeastStack = 2048;  // MINSIGSTKSZ of the kernel's interface

// The kernel's struct sigaction: its mask is the last field, so that its order differs from the C library's.
struct UserAction {
  std::uint64_t handler, flags, restorer, mask;
};
}  // namespace

SysResult sys_rt_sigaction(Task& task, int signal, ProgramAddress action, ProgramAddress old_action,
                           std::uint64_t size) {
  if (size != sizeof(SignalSet)) return Error::from_errno(EINVAL);
  UserAction wanted{};
  if (!action.is_null()) wanted = TRY(action.load<UserAction>());
  if (!kernel::is_valid_signal(signal)) return Error::from_errno(EINVAL);
  if (!action.is_null() && (kernel::signal_bit(signal) & kernel::kUnblockableSignals) != 0)
    return Error::from_errno(EINVAL);
  SignalAction old;
  {
    const std::lock_guard guard(task.process.mutex);
    SignalAction& entry = task.process.actions[static_cast<std::size_t>(signal)];
    old = entry;
    if (!action.is_null()) {
      entry = {wanted.handler, wanted.flags & kKnownFlags, wanted.restorer, wanted.mask & ~kernel::kUnblockableSignals};
      if (kernel::is_ignored(entry, signal)) {
        kernel::discard_signals(task.process.pending, kernel::signal_bit(signal));
        for (Task* other : task.process.tasks) kernel::discard_signals(other->pending, kernel::signal_bit(signal));
      }
    }
  }
  if (!old_action.is_null()) TRY(old_action.store(UserAction{old.handler, old.flags, old.restorer, old.mask}));
  return 0;
}

SysResult sys_rt_sigprocmask(Task& task, int how, ProgramAddress set, ProgramAddress old_set, std::uint64_t size) {
  if (size != sizeof(SignalSet)) return Error::from_errno(EINVAL);
  const SignalSet old = task.signal_mask;
  if (!set.is_null()) {
    const auto wanted = TRY(set.load<SignalSet>());
    switch (how) {
      case SIG_BLOCK: kernel::set_signal_mask(task, old | wanted); break;
      case SIG_UNBLOCK: kernel::set_signal_mask(task, old & ~wanted); break;
      case SIG_SETMASK: kernel::set_signal_mask(task, wanted); break;
      default: return Error::from_errno(EINVAL);
    }
  }
  if (!old_set.is_null()) TRY(old_set.store(old));
  return 0;
}

SysResult sys_rt_sigpending(Task& task, ProgramAddress set, std::uint64_t size) {
  if (size > sizeof(SignalSet)) return Error::from_errno(EINVAL);
  const SignalSet pending = kernel::pending_signals(task) & task.signal_mask;
  TRY(set.write(&pending, size));
  return 0;
}

SysResult sys_sigaltstack(Task& task, ProgramAddress stack, ProgramAddress old_stack) {
  const std::uint64_t rsp = task.context()->rsp;
  kernel::AlternateStack& current = task.alternate_stack;
  abi::SignalStack wanted{};
  if (!stack.is_null()) wanted = TRY(stack.load<abi::SignalStack>());
  const abi::SignalStack old{
      current.address,
      static_cast<std::int32_t>(static_cast<std::uint32_t>(kernel::alternate_stack_state(current, rsp)) |
                                (static_cast<std::uint32_t>(current.flags) & kernel::kSsAutodisarm)),
      0, current.size};
  if (!stack.is_null()) {
    if (kernel::is_on_alternate_stack(current, rsp)) return Error::from_errno(EPERM);
    const auto mode = static_cast<std::uint32_t>(wanted.flags) & ~kernel::kSsAutodisarm;
    if (mode != 0 && mode != kernel::kSsOnStack && mode != kernel::kSsDisable) return Error::from_errno(EINVAL);
    if (mode == kernel::kSsDisable) {
      current = {0, 0, wanted.flags};
    } else {
      if (wanted.size < kLeastStack) return Error::from_errno(ENOMEM);
      current = {wanted.address, wanted.size, wanted.flags};
    }
  }
  if (!old_stack.is_null()) TRY(old_stack.store(old));
  return 0;
}

SysResult sys_rt_sigreturn(Task& task) {
  core::ProgramContext* const context = task.context();
  if (!kernel::leave_handler(task, context)) {
    context->orig_rax = core::kNoSystemCall;
    kernel::force_signal(task, kernel::signal_from_kernel(SIGSEGV));
  }
  return 0;  // not seen: the context holds the program's own RAX
}

SysResult sys_restart_syscall(Task& task) {
  const kernel::RestartBlock block = std::exchange(task.restart_block, {});
  if (block.function == nullptr) return Error::from_errno(EINTR);
  return block.function(task, block);
}
}  // namespace cloister::syscalls
