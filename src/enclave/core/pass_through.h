// SPDX-License-Identifier: Apache-2.0
// What the data calls of the core share: files whose data goes to the host unchanged.
// Trusted, freestanding.
#pragma once
#include "src/enclave/core/task.h"
#include "src/enclave/core/write_behind.h"

namespace cloister::core {
inline constexpr std::uint64_t kMaxTransfer = 0x7fff'f000;  // MAX_RW_COUNT
// MSG_DONTWAIT and MSG_NOSIGNAL: flags of transfers that need nothing of the kernel storey.
inline constexpr std::uint64_t kDontWait = 0x40, kNoSignal = 0x4000, kSimpleMessageFlags = kDontWait | kNoSignal;

// A file of the host whose data goes through unchanged, or null: the kernel storey decides.
inline File* acquire_pass_through(Task* task, std::uint64_t descriptor, bool File::*access) {
  File* file = acquire_file(task, descriptor);
  if (file == nullptr) return nullptr;
  if (file->kind > FileKind::host_epoll && file->*access) [[likely]]
    return file;
  release_file(task);
  return nullptr;
}

// What `begin(file)` gives, for such a file; it may leave the call to the kernel storey, too.
template <typename Begin>
[[gnu::always_inline]] inline long through(Thread* thread, std::uint64_t descriptor, bool File::*access, Begin begin) {
  File* const file = acquire_pass_through(thread->task, static_cast<std::uint32_t>(descriptor), access);
  if (file == nullptr) return kTakeKernelPath;
  // Where the call may wait, another thread's wish that something be sent could not be told from a signal.
  if (thread->queued_sends != 0 && file->kind != FileKind::host_regular && !file->is_nonblocking()) [[unlikely]]
    flush_sends(thread);
  const long result = begin(file);
  if (result == kTakeKernelPath) [[unlikely]]
    release_file(thread->task);
  return result;
}
}  // namespace cloister::core
