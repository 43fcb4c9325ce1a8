// SPDX-License-Identifier: Apache-2.0
// What the program has sent and the host gets with the next exit, whichever that is
// (docs/decisions/0016-write-behind.md): `write` to a TCP socket lays its bytes into the host block's send area and is
// done. Trusted, freestanding.
//
// Only one thread's data waits for one socket: of the thread that alone has ever written to it, and one write straight
// after the other, so that what follows one that was cut short stays behind (SendRequest).
// Whoever else is about to send, and whoever ends the socket, has that go out first.
#pragma once
#include <atomic>
#include "src/boundary/host_block.h"
#include "src/enclave/core/host_memory.h"
#include "src/enclave/core/send_account.h"
#include "src/enclave/core/task.h"

namespace cloister::core {
// Of one TCP socket. Its memory is never given back to anything else, so that a thread may look at it without a hazard.
struct WriteBehind {
  std::atomic<Thread*> queued_by{nullptr};  // whose SendQueue has something of the socket
  std::atomic<bool> is_stopped{false};      // nothing more is queued
  std::atomic<std::uint32_t> writer{0};     // tid of the only thread that has written to the socket; 0: none has
  std::atomic<std::int32_t> error{0};       // errno with which a send ended that had waited: for whoever asks next
  std::atomic<bool> is_corked{false};       // the program has set TCP_CORK, and the host does not know
  std::atomic<bool> is_host_corked{false};  // it does
  std::uint64_t corked_batch = 0;           // the writer's alone: SendQueue::batch of the first that was sent since
  SendAccount account;                      // the writer's alone

  // Returns when what is queued has gone out.
  void finish();
  // The same, and nothing is queued from now on.
  void stop();
  // Returns when what another thread has queued has gone out; what is the caller's own goes with its next exit, anyway.
  void finish_of_others();
  // Before `task` sends up to `size` bytes in another way: the order stays.
  void before_send_of(const Task* task, std::uint64_t size);
  // TCP_CORK and its end, where all that is sent between them waits: then there is nothing to hold back. What leaves
  // earlier after all is followed by more (MSG_MORE), and what does not wait has the host told. False: tell the host
  // now.
  bool cork(Thread* thread);
  bool uncork(Thread* thread);
  // For another socket.
  void clear();
};

// Where `size` bytes that the program sends may be laid for queue_send; null: they must go out now.
HostAddress place_for_send(Thread* thread, const File* file, WriteBehind& behind, std::uint64_t size);
// `size` bytes lie at the place. What was queued before may have gone out meanwhile, with an exit that the copy needed
// or that filled the place. False: they must go out now after all.
bool queue_send(Thread* thread, WriteBehind& behind, HostAddress place, std::uint64_t size);
// The same for bytes that lie elsewhere in the host block, and stay there until the next exit has taken them along.
bool queue_host_bytes(Thread* thread, const File* file, WriteBehind& behind, HostAddress at, std::uint64_t size);

// Leaves with what is queued, if there is something.
void flush_queued_sends(Thread* thread);
inline void flush_sends(Thread* thread) {
  if (thread->queued_sends != 0) flush_queued_sends(thread);
}

// Whether the `size` bytes that `copy(to)` lays at a host address wait for the next exit; then the write is done.
template <typename Copy>
[[gnu::always_inline]] inline bool write_behind(Thread* thread, const File* file, std::uint64_t size, Copy copy) {
  WriteBehind* const behind = file->write_behind.load(std::memory_order_acquire);
  if (behind == nullptr) return false;
  const HostAddress to = place_for_send(thread, file, *behind, size);
  if (to.is_null()) return false;
  if (copy(to)) [[likely]]
    return queue_send(thread, *behind, to, size);
  flush_sends(thread);  // what is written now must not overtake it
  return false;
}

// The socket may have come to its end: what is written from now on is answered by the host.
void stop_write_behind(const File* file);
// Errno, once; 0: none.
int take_send_error(const File* file);

}  // namespace cloister::core
