// SPDX-License-Identifier: Apache-2.0
// How system-call handlers look. Trusted, kernel storey.
//
//   SysResult sys_ftruncate(Task& task, int descriptor, std::uint64_t size);
//
// Up to six integral or ProgramAddress parameters after the task; the register is narrowed to the parameter's type, so
// that dirty high halves never reach a handler. A success is >= 0; an Error carries Linux's errno, or one of core's
// restart codes, which signal delivery resolves. Every row of syscalls.def names its handler; sys_NAME is declared from
// the table's uses.
#pragma once
#include "src/base/result.h"
#include "src/enclave/kernel/program_memory.h"
#include "src/enclave/kernel/task.h"

namespace cloister::syscalls {
using kernel::ProgramAddress;
using kernel::Task;
using SysResult = Result<std::int64_t>;

inline constexpr std::uint64_t kMaxTransfer = 0x7fff'f000;  // of one call: INT_MAX in whole pages

inline Error restart() { return Error::from_errno(static_cast<int>(-core::kRestartSys)); }  // by SA_RESTART
inline Error restart_no_hand() {
  return Error::from_errno(static_cast<int>(-core::kRestartNoHand));
}  // only without a handler
}  // namespace cloister::syscalls
