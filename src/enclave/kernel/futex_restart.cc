// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/kernel/futex_restart.h"
#include <linux/futex.h>
#include "src/enclave/core/futex.h"
#include "src/enclave/kernel/task.h"

namespace cloister::kernel {
namespace {
Result<std::int64_t> restart_futex(Task& task, const RestartBlock& block) {
  const long result = core::futex_wait(block.arguments[0], static_cast<std::uint32_t>(block.arguments[1]),
                                       FUTEX_BITSET_MATCH_ANY, block.deadline, core::FutexWord::program);
  if (result >= 0) return result;
  if (result != -EINTR) return Error::from_errno(static_cast<int>(-result));
  task.restart_block = block;
  return Error::from_errno(static_cast<int>(-core::kRestartBlock));
}
}  // namespace

void set_futex_restart(Task& task, const core::ProgramContext& context) {
  const std::uint32_t operation =
      static_cast<std::uint32_t>(context.rsi) & ~(FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME);
  task.restart_block = {};
  if (operation != FUTEX_WAIT) return;
  task.restart_block.function = restart_futex;
  task.restart_block.deadline = task.restart_deadline;
  task.restart_block.arguments[0] = context.rdi;
  task.restart_block.arguments[1] = context.rdx;
}
}  // namespace cloister::kernel
