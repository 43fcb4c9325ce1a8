// SPDX-License-Identifier: Apache-2.0
// The fcntl commands of record locks. Trusted, kernel storey.
#pragma once
#include "src/enclave/syscalls/handlers.h"
#include "src/enclave/vfs/open_file.h"

namespace cloister::syscalls {
// F_GETLK, F_SETLK, F_SETLKW and their F_OFD_ variants; `lock` is a struct flock of the program.
SysResult control_lock(Task& task, vfs::OpenFile& file, int command, ProgramAddress lock);
}  // namespace cloister::syscalls
