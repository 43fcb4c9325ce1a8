// SPDX-License-Identifier: Apache-2.0
// What the program has sent and the host gets with the next exit, whichever that is (docs/decisions/0016-write-behind.md):
// `write` to a TCP socket lays its bytes into the host block's send area and is done. Trusted, freestanding.
//
// Only one thread's data waits for one socket: of the thread that alone has ever written to it, at most one write. Whoever
// else is about to send, and whoever ends the socket, has that go out first.
#pragma once
#include <atomic>
#include "src/boundary/host_block.h"
#include "src/enclave/core/host_memory.h"
#include "src/enclave/core/task.h"

namespace cloister::core {
// Of one TCP socket. Its memory is never given back to anything else, so that a thread may look at it without a hazard.
struct WriteBehind {
  std::atomic<Thread*> queued_by{nullptr};  // whose SendQueue has something of the socket
  std::atomic<bool> is_stopped{false};      // nothing more is queued
  std::atomic<std::uint32_t> writer{0};     // tid of the only thread that has written to the socket; 0: none has
  std::atomic<Prefetched*> incoming{nullptr};  // where an error goes that the next read is to give
  // What the host's socket takes at once, as far as is known: the writer's alone.
  std::int32_t host_descriptor = -1;
  std::uint32_t charged = 0;      // bytes of the kernel's buffer that may be in use
  std::uint32_t limit = 0;        // of those; 0: not asked yet
  std::uint32_t direct_left = 0;  // so many writes go out at once before the host is asked again

  // Returns when what is queued has gone out.
  void finish();
  // The same, and nothing is queued from now on.
  void stop();
  // Before `task` sends in another way: the order stays.
  void before_send_of(const Task* task);
  // For another socket.
  void clear();
};

// Where `size` bytes that the program sends may be laid for queue_send; null: they must go out now.
HostAddress place_for_send(Thread* thread, const File* file, WriteBehind& behind, std::uint64_t size);
// False: they must go out now after all.
bool queue_send(Thread* thread, const File* file, WriteBehind& behind, std::uint64_t size);

// Whether the `size` bytes that `copy(to)` lays at a host address wait for the next exit; then the write is done.
template <typename Copy>
[[gnu::always_inline]] inline bool write_behind(Thread* thread, const File* file, std::uint64_t size, Copy copy) {
  WriteBehind* const behind = file->write_behind.load(std::memory_order_acquire);
  if (behind == nullptr) return false;
  const HostAddress to = place_for_send(thread, file, *behind, size);
  return !to.is_null() && copy(to) && queue_send(thread, file, *behind, size);
}

// Leaves with what is queued, if there is something.
void flush_sends(Thread* thread);
}  // namespace cloister::core
