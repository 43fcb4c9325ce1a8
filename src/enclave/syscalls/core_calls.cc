// SPDX-License-Identifier: Apache-2.0
// Rows whose whole work is done in the core storey; the kernel storey serves them too when calls are traced.
#include "src/enclave/core/core_calls.h"
#include "src/enclave/core/dispatch.h"
#include "src/enclave/syscalls/handlers.h"

namespace cloister::syscalls {
namespace {
SysResult from_core(Task& task, core::CoreHandler handler) {
  const long result = handler(task.thread, task.context());
  if (result == core::kTakeKernelPath) return Error::from_errno(ENOSYS);
  if (result < 0) return Error::from_errno(static_cast<int>(-result));
  return result;
}
}  // namespace

SysResult sys_futex(Task& task, ProgramAddress) { return from_core(task, core::fast_futex); }
SysResult sys_sched_yield(Task& task) { return from_core(task, core::fast_sched_yield); }
}  // namespace cloister::syscalls
