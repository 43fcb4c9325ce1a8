// SPDX-License-Identifier: Apache-2.0
// New threads of a program. Trusted, kernel storey.
#pragma once
#include "src/enclave/kernel/program_memory.h"

namespace cloister::kernel {
class Task;

struct ThreadRequest {
  std::uint64_t flags;  // CLONE_*
  std::uint64_t stack;  // initial stack pointer; 0: the parent's
  std::uint64_t tls;
  ProgramAddress parent_tid, child_tid;
};
// A task that returns 0 from the parent's present system call, with all of its registers but for the stack pointer. Its
// id. EAGAIN: the manifest's limit of threads, or no memory.
Result<std::int64_t> start_thread(Task& parent, const ThreadRequest& request);
}  // namespace cloister::kernel
