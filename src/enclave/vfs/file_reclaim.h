// SPDX-License-Identifier: Apache-2.0
// When an open file may be freed: no descriptor or holder refers to it and no task's fast path uses it. Trusted, kernel
// storey.
//
// The fast path protects a file by its task's hazard pointer instead of a reference. Every task must be known here from
// before its first system call until after its last.
#pragma once
#include "src/enclave/core/task.h"

namespace cloister::vfs {
void add_hazard_owner(core::Task& task);
void remove_hazard_owner(core::Task& task);
// Whether the caller's is the enclave's one task. Another one can only begin by what this one does.
bool is_only_task();
// Frees the files whose last fast-path user has gone. Cheap when there are none; called at every close and open, and it
// may be called on any way back to the program.
void reclaim_files();
}  // namespace cloister::vfs
