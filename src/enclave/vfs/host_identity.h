// SPDX-License-Identifier: Apache-2.0
// By which ids the host judges what a thread does with its files. A program that was root and gave that up finds the
// host's files as closed as it would natively, and owns the ones that it makes. Trusted, kernel storey.
//
// Host may: not follow. What it lets a program do with its files is its own business; nothing inside rests on it.
#pragma once
#include "src/enclave/kernel/task.h"

namespace cloister::vfs {
// Before host calls that change owner, mode or times of an open file. Costs nothing while the program is who it was at
// its start, or has no files of the host. Uses the bounce buffer.
void apply_host_identity(Task& task);
// Before host calls that name files; a relative path starts at `base`. The host gets absolute paths, but Linux does not
// look at what lies above a directory that a process is in or has open. Where the new ids do not reach `base` through
// what lies above it, the ids of the start are used, and only `base` itself is checked (EACCES).
Result<void> apply_host_identity(Task& task, const std::string& base, const std::string& path);
// For access(2): the real ids, until the next apply_host_identity. False: they are the ones that the host has anyway.
bool apply_real_host_identity(Task& task);
}  // namespace cloister::vfs
