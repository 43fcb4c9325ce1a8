// SPDX-License-Identifier: Apache-2.0
// File locks: record locks of processes (POSIX) and of open file descriptions, and flock. Trusted, kernel storey.
//
// Ours decide between the tasks and descriptions of this enclave; for a file of the host its lock is taken as well, so
// that other programs there see it. Locks belong to files, so the tables are the enclave's and not a process's.
#pragma once
#include <cstdint>
#include <optional>
#include "src/enclave/vfs/open_file.h"

namespace cloister::vfs {
enum class LockType : std::uint8_t { read, write, none };
enum class LockOwner : std::uint8_t { process, description };
enum class Waiting : std::uint8_t { forbidden, allowed };

struct LockRange {
  std::uint64_t start = 0, end = ~0ULL;  // inclusive
};
struct RecordLock {
  const void* owner = nullptr;  // Process or OpenFile
  LockOwner kind = LockOwner::process;
  LockType type = LockType::none;
  LockRange range;
  std::uint32_t pid = 0;  // of a process
};

// Takes, changes or (LockType::none) releases. EAGAIN when it would have to wait and may not.
Result<void> set_record_lock(Task& task, OpenFile& file, LockOwner kind, LockType type, LockRange range,
                             Waiting waiting);
// A lock that stands against such a one.
Result<std::optional<RecordLock>> find_conflict(Task& task, OpenFile& file, LockOwner kind, LockType type,
                                                LockRange range);
// flock(2); EWOULDBLOCK.
Result<void> set_whole_lock(Task& task, OpenFile& file, LockType type, Waiting waiting);

class HostDescriptor;
// Closes the descriptor of a mapping that goes, but not while the process has locks on the file.
void keep_while_locked(const FileIdentity& identity, std::shared_ptr<HostDescriptor> descriptor);

// A process closed a descriptor of the file; a description goes.
void release_process_locks(OpenFile& file);
void release_description_locks(OpenFile& file);
}  // namespace cloister::vfs
