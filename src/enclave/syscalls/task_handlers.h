// SPDX-License-Identifier: Apache-2.0
// What the handlers for tasks, signals and time share. Trusted, kernel storey.
#pragma once
#include "src/enclave/syscalls/handler_list.h"

namespace cloister::syscalls {
// An interrupted call with a time-out: a handler makes it EINTR, otherwise it goes on by the block.
inline Error restart_later(Task& task, const kernel::RestartBlock& block) {
  task.restart_block = block;
  return Error::from_errno(static_cast<int>(-core::kRestartBlock));
}
}  // namespace cloister::syscalls
