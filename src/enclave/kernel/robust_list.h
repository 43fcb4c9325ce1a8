// SPDX-License-Identifier: Apache-2.0
// Robust futexes: locks that the program's thread held when it ended are marked, and a waiter wakes. Trusted.
#pragma once

namespace cloister::kernel {
class Task;
void release_robust_list(Task& task);
}  // namespace cloister::kernel
