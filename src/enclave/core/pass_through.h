// SPDX-License-Identifier: Apache-2.0
// What the data calls of the core share: files whose data goes to the host unchanged, and how their results go on.
// Trusted, freestanding.
#pragma once
#include <asm/errno.h>
#include "src/enclave/core/host_call_path.h"
#include "src/enclave/core/task.h"

namespace cloister::core {
inline constexpr std::uint64_t kMaxTransfer = 0x7fff'f000;  // MAX_RW_COUNT
// MSG_DONTWAIT and MSG_NOSIGNAL: flags of transfers that need nothing of the kernel storey.
inline constexpr std::uint64_t kNoSignal = 0x4000, kSimpleMessageFlags = 0x40 | kNoSignal;

// A file of the host whose data goes through unchanged, or null: the kernel storey decides.
inline File* acquire_pass_through(Task* task, std::uint64_t descriptor, bool File::*access) {
  File* file = acquire_file(task, descriptor);
  if (file == nullptr) return nullptr;
  if (file->kind != FileKind::other && file->*access) [[likely]]
    return file;
  release_file(task);
  return nullptr;
}

// What `transfer(file)` gives, for such a file; it may leave the call to the kernel storey, too.
template <typename Transfer>
[[gnu::always_inline]] inline long through(Thread* thread, std::uint64_t descriptor, bool File::*access,
                                           Transfer transfer) {
  Task* const task = thread->task;
  File* const file = acquire_pass_through(task, static_cast<std::uint32_t>(descriptor), access);
  if (file == nullptr) return kTakeKernelPath;
  const long result = transfer(file);
  release_file(task);
  return result;
}

// -EINTR is turned into a restart: signal delivery decides by SA_RESTART, as Linux does.
inline long restartable(long result) { return result == -EINTR ? kRestartSys : result; }

// What a call that writes answers for the host's error; EPIPE is the kernel storey's, which sends SIGPIPE.
inline long failed_write(long error) { return error == -EPIPE ? kTakeKernelPath : restartable(error); }
}  // namespace cloister::core
