// SPDX-License-Identifier: Apache-2.0
// What peers have sent, received before the program asked for it (docs/decisions/0014-receive-ahead.md): the exit that
// reads one socket receives from others, too, which the same epoll_wait reported. Trusted, freestanding.
//
// Only one thread's sockets are received from ahead: it alone has ever read them and waits on their epoll object, by
// level. Whatever else may be done with such a socket but write to it calls stop() first.
#pragma once
#include <atomic>
#include "src/boundary/host_block.h"
#include "src/enclave/core/epoll_table.h"
#include "src/enclave/core/task.h"
#include "src/enclave/core/yielding_lock.h"

namespace cloister::core {
// Of one TCP socket. Its memory is never given back to anything else, so that a task may look at it without a hazard.
struct Prefetched {
  YieldingLock lock;  // of everything below; held while the host receives
  bool is_stopped = false;
  bool is_counted = false;  // the program has waited again or asked: one read gives what is here and what the host has
  bool is_by_edge = false;  // as it is registered
  std::atomic<std::uint64_t> told_in{0};  // ReadyList::number of the wait that told of it; 0: it was read since
  std::atomic<std::uint32_t> reader{0};   // tid of the only thread that has read from the socket; 0: none has
  std::uint32_t begin = 0;
  std::byte* data = nullptr;  // a slot, while there is something
  HostAddress outside;  // where all of it lies still, in the block of the thread that received it; null: in the slot
  std::atomic<std::uint32_t> left{0};  // bytes from `begin` on
  std::atomic<std::int32_t> error{0};  // that the host's socket reported, for the next read or SO_ERROR

  bool has_something() const {
    return left.load(std::memory_order_relaxed) != 0 || error.load(std::memory_order_relaxed) != 0;
  }
  // Registered anew: nothing is received ahead before it is told of.
  void begin_watch(bool by_edge);
  // From now on nothing is received ahead; what is here stays to be read.
  void stop();
  // The next read gives what the host has, too. The bytes that are here.
  std::uint32_t count();
  // With `lock`: takes `count` bytes from the beginning away. `task`: keeps the slot when nothing is left; null: none
  // does.
  void consume(std::uint32_t count, Task* task);
  // With `lock`: what is here, into the slot: none of it may be read twice from outside (S-4).
  void take_in();
  // With `lock`: gives up everything.
  void clear();
};

// Memory for what is received ahead, by all threads together.
void set_prefetch_memory(std::byte* memory);  // kPrefetchSlots * kPrefetchSize bytes, once
inline constexpr std::uint32_t kPrefetchSlots = 64;

inline bool has_prefetched(const File& file) {
  const Prefetched* const prefetched = file.prefetched.load(std::memory_order_acquire);
  return prefetched != nullptr && prefetched->has_something();
}
// What the task received ahead and has not read: by level, epoll_wait must tell of it again.
bool has_unread_prefetch(Task* task);
// The task waits: what it has not read by edge it is not told of again, but is here to be read.
void keep_unread_by_edge(Task* task);
// A read gave bytes that were here, and the host an error instead of the rest: the next one's. Not what the program's
// buffer or a signal has ended.
void keep_read_error(const File* file, long error);
// The task ends, and another one will use its thread's host block.
void leave_prefetched(Task* task);

// read and recvfrom of a socket with `prefetched`: from what is here, or from the host together with other sockets.
long receive_ahead(Thread* thread, File* file, std::uint32_t descriptor, std::uint64_t address, std::uint64_t size,
                   std::uint64_t flags, HostCall call);
// The answers for the other sockets lie in the host block, and what was received stays there until it is read or the
// same block receives ahead again, which it does not before. Host may: not receive at all; claim more than there was
// room for, or an error that no socket has (both stop the enclave).
void settle_prefetch(Thread* thread);
}  // namespace cloister::core
