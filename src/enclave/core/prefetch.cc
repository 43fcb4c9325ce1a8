// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/core/prefetch.h"
#include <asm/errno.h>
#include "src/boundary/rules.h"
#include "src/enclave/core/pass_through.h"
#include "src/enclave/core/transfer.h"
#include "src/enclave/core/write_behind.h"

namespace cloister::core {
namespace {
constinit std::byte* slots = nullptr;
constinit std::atomic<std::uint64_t> free_slots{~std::uint64_t{0}};
static_assert(kPrefetchSlots == 64);

// Null when all are taken. Low ones first: those are in the caches.
std::byte* take_slot(Task* task) {
  if (task->spare_slot_count > 0) return task->spare_slots[--task->spare_slot_count];
  std::uint64_t free = free_slots.load(std::memory_order_relaxed);
  while (free != 0)
    if (free_slots.compare_exchange_weak(free, free & (free - 1), std::memory_order_acquire))
      return slots + static_cast<std::uint64_t>(__builtin_ctzll(free)) * kPrefetchSize;
  return nullptr;
}
void return_slot(std::byte* slot) {
  const auto index = static_cast<std::uint64_t>(slot - slots) / kPrefetchSize;
  free_slots.fetch_or(std::uint64_t{1} << index, std::memory_order_release);
}
// An atomic operation would wait here until the copy out of the slot has left the processor's store buffer. So the task
// keeps it, unless slots become few.
void keep_slot(Task* task, std::byte* slot) {
  const bool are_many_free = free_slots.load(std::memory_order_relaxed) >> (kPrefetchSlots / 2) != 0;
  if (are_many_free && task->spare_slot_count < kMostPrefetches)
    task->spare_slots[task->spare_slot_count++] = slot;
  else
    return_slot(slot);
}

// Whether the socket is this thread's alone, and the last epoll_wait told it of the socket, from which it has read
// nothing since and has nothing yet: by edge, what comes later must be told of. With the lock.
bool may_prefetch(const Prefetched& prefetched, const Task* task) {
  return !prefetched.is_stopped && prefetched.reader.load(std::memory_order_relaxed) == task->tid &&
         prefetched.told_in.load(std::memory_order_relaxed) == task->ready.number && !prefetched.has_something();
}

// The open file at `descriptor`, with its lock, if something may be received ahead from it.
Prefetched* lock_for_prefetch(Task* task, std::uint32_t descriptor) {
  File* const file = find_file(task, task->other_hazard, descriptor);
  if (file == nullptr) return nullptr;
  Prefetched* const prefetched = file->prefetched.load(std::memory_order_acquire);
  if (prefetched == nullptr || prefetched->reader.load(std::memory_order_relaxed) != task->tid) return nullptr;
  if (file->kind == FileKind::host_socket && file->is_nonblocking() && prefetched->lock.try_lock()) {
    // Whoever frees the file takes the lock before that, so it lives from here on.
    if (may_prefetch(*prefetched, task) && (prefetched->data = take_slot(task)) != nullptr) return prefetched;
    prefetched->lock.unlock();
  }
  return nullptr;
}

// Lays requests for the sockets behind `next` on the ready list into the block; how many.
std::uint64_t request_others(Thread* thread) {
  Task* const task = thread->task;
  ReadyList& ready = task->ready;
  std::uint64_t count = 0;
  for (std::uint32_t i = ready.next; i < ready.count && count < kMostPrefetches; ++i) {
    const auto descriptor = static_cast<std::uint32_t>(ready.descriptors[i]);
    Prefetched* const prefetched = lock_for_prefetch(task, descriptor);
    if (prefetched == nullptr) continue;
    task->prefetches[count] = prefetched;
    const HostAddress request = thread->host_block + offsetof(HostBlock, prefetches) + sizeof(PrefetchRequest) * count;
    const std::uint64_t host =
        static_cast<std::uint64_t>(task->other_hazard.load(std::memory_order_relaxed)->host_descriptor);
    store_host_word(request + offsetof(PrefetchRequest, descriptor), host);
    store_host_word(request + offsetof(PrefetchRequest, result), static_cast<std::uint64_t>(-EAGAIN));
    ++count;
  }
  task->other_hazard.store(nullptr, std::memory_order_release);
  if (count > 0) store_host_word(thread->host_block + offsetof(HostBlock, prefetch_count), count);
  thread->host_call_count += count;
  thread->carried_call_count += count;
  task->prefetch_count = static_cast<std::uint32_t>(count);
  return count;
}

// Whether the socket is the one that the program is expected to read next, out of those that epoll_wait told it of.
bool is_expected(ReadyList& ready, std::uint32_t descriptor) {
  constexpr std::uint32_t kSkipped = 4;  // those that it accepts from, or has closed
  const std::uint32_t end = ready.next + kSkipped < ready.count ? ready.next + kSkipped : ready.count;
  for (std::uint32_t i = ready.next; i < end; ++i) {
    if (static_cast<std::uint32_t>(ready.descriptors[i]) != descriptor) continue;
    ready.next = i + 1;
    return true;
  }
  return false;
}

[[gnu::noinline]] void note_reader(Prefetched& prefetched, std::uint32_t tid) {
  LockGuard guard(prefetched.lock);
  if (prefetched.reader.load(std::memory_order_relaxed) == 0)
    prefetched.reader.store(tid, std::memory_order_relaxed);
  else
    prefetched.is_stopped = true;
}

// The program is about to answer, and then to read the next socket that was received from: what that will take is
// fetched while it works.
[[gnu::always_inline]] inline void expect_next(Thread* thread, const File* served) {
  Task* const task = thread->task;
  __builtin_prefetch(served->write_behind.load(std::memory_order_relaxed), 1);
  const std::uint32_t next = task->next_prefetch;
  if (next >= task->prefetch_count) return;
  task->next_prefetch = next + 1;
  __builtin_prefetch(task->prefetches[next], 1);
  const std::uint64_t area = (thread->host_block + kPrefetchOffset + next * kPrefetchSize).word();
  constexpr std::uint64_t kLine = 64, kLines = 4;  // the processor goes on by itself
  for (std::uint64_t line = 0; line < kLines; ++line)
    __builtin_prefetch(reinterpret_cast<const void*>(area + line * kLine));
  if (task->ready.next >= task->ready.count) return;
  const auto descriptor = static_cast<std::uint32_t>(task->ready.descriptors[task->ready.next]);
  if (descriptor < task->descriptors->capacity)
    __builtin_prefetch(task->descriptors->slots[descriptor].load(std::memory_order_relaxed), 1);
}

// Bytes to the program or an error; `goes_on`: the host is asked for the rest.
long serve(Thread* thread, Prefetched& prefetched, std::uint64_t address, std::uint64_t size, bool* goes_on) {
  LockGuard guard(prefetched.lock);
  const std::uint32_t left = prefetched.left.load(std::memory_order_relaxed);
  if (left == 0) {
    const std::int32_t error = prefetched.error.exchange(0, std::memory_order_relaxed);
    *goes_on = error == 0;
    return error;
  }
  const std::uint32_t count = size < left ? static_cast<std::uint32_t>(size) : left;
  if (count < left) prefetched.take_in();
  const bool copied = prefetched.outside.is_null() ? copy_to_program(address, prefetched.data + prefetched.begin, count)
                                                   : copy_host_to_program_checked(address, prefetched.outside, count);
  if (!copied) {
    prefetched.take_in();
    return -EFAULT;
  }
  *goes_on = prefetched.is_counted && count < size;
  prefetched.consume(count, thread->task);
  thread->bytes_in += count;
  return count;
}
}  // namespace

void set_prefetch_memory(std::byte* memory) { slots = memory; }

void Prefetched::begin_watch(bool by_edge) {
  LockGuard guard(lock);
  is_by_edge = by_edge;
  told_in.store(0, std::memory_order_relaxed);
}

void Prefetched::stop() {
  LockGuard guard(lock);
  is_stopped = true;
}

std::uint32_t Prefetched::count() {
  LockGuard guard(lock);
  is_counted = true;
  return left.load(std::memory_order_relaxed);
}

void Prefetched::consume(std::uint32_t count, Task* task) {
  begin += count;
  const std::uint32_t rest = left.load(std::memory_order_relaxed) - count;
  left.store(rest, std::memory_order_relaxed);
  if (rest > 0) return;
  task == nullptr ? return_slot(data) : keep_slot(task, data);
  data = nullptr;
  outside = {};
}

void Prefetched::take_in() {
  if (outside.is_null()) return;
  copy_from_host(data, outside, left.load(std::memory_order_relaxed));
  outside = {};
}

void Prefetched::clear() {
  if (data != nullptr) consume(left.load(std::memory_order_relaxed), nullptr);
  error.store(0, std::memory_order_relaxed);
  is_stopped = is_counted = is_by_edge = false;
  told_in.store(0, std::memory_order_relaxed);
  reader.store(0, std::memory_order_relaxed);
}

bool has_unread_prefetch(Task* task) {
  for (std::uint32_t i = 0; i < task->prefetch_count; ++i)
    if (task->prefetches[i]->reader.load(std::memory_order_relaxed) == task->tid &&
        task->prefetches[i]->has_something())
      return true;
  task->prefetch_count = 0;
  return false;
}

[[gnu::noinline]] void keep_unread_by_edge(Task* task) {
  std::uint32_t kept = 0;
  for (std::uint32_t i = 0; i < task->prefetch_count; ++i) {
    Prefetched& prefetched = *task->prefetches[i];
    LockGuard guard(prefetched.lock);
    if (prefetched.reader.load(std::memory_order_relaxed) != task->tid || !prefetched.has_something()) continue;
    if (prefetched.is_by_edge) {
      prefetched.take_in();
      prefetched.is_counted = true;
    } else {
      task->prefetches[kept++] = &prefetched;
    }
  }
  task->prefetch_count = kept;
}

void keep_read_error(const File* file, long error) {
  Prefetched* const prefetched = file->prefetched.load(std::memory_order_acquire);
  const bool is_of_socket = row_of(HostCall::recvmsg).errors.contains(static_cast<std::uint64_t>(-error));
  if (prefetched == nullptr || !is_of_socket || error == -EAGAIN || error == -EINTR || error == -ENOMEM) return;
  prefetched->error.store(static_cast<std::int32_t>(error), std::memory_order_relaxed);
}

void leave_prefetched(Task* task) {
  for (std::uint32_t i = 0; i < task->prefetch_count; ++i) {
    Prefetched& prefetched = *task->prefetches[i];
    LockGuard guard(prefetched.lock);
    if (prefetched.reader.load(std::memory_order_relaxed) != task->tid) continue;
    prefetched.take_in();
    prefetched.is_stopped = prefetched.is_counted = true;  // another task may come to have its number
  }
  while (task->spare_slot_count > 0) return_slot(task->spare_slots[--task->spare_slot_count]);
}

[[gnu::hot]] long receive_ahead(Thread* thread, File* file, std::uint32_t descriptor, std::uint64_t address,
                                std::uint64_t size, std::uint64_t flags, HostCall call) {
  Task* const task = thread->task;
  Prefetched& prefetched = *file->prefetched.load(std::memory_order_relaxed);
  if (prefetched.reader.load(std::memory_order_relaxed) != task->tid) [[unlikely]]
    note_reader(prefetched, task->tid);
  prefetched.told_in.store(0, std::memory_order_relaxed);
  const bool expected = is_expected(task->ready, descriptor);
  std::uint64_t done = 0;
  std::uint64_t others = 0;
  if (prefetched.has_something()) {
    if (size == 0) {
      release_file(task);
      return 0;
    }
    bool goes_on = false;
    const long served = serve(thread, prefetched, address, size, &goes_on);
    if (served < 0)
      stop_write_behind(file);
    else
      expect_next(thread, file);
    if (!goes_on) {
      release_file(task);
      return served;
    }
    done = static_cast<std::uint64_t>(served);
  } else if (expected && task->ready.next < task->ready.count && file->is_nonblocking() &&
             may_leave_interruptibly(thread) && !has_unread_prefetch(task)) {
    others = request_others(thread);
  }
  const std::uint64_t first = flags_before(thread, kInterruptible);
  // Locks are held, or there are bytes to give: then nothing may wait.
  const bool must_not_wait = done > 0 || others > 0;
  const long result = call == HostCall::read && !must_not_wait
                          ? begin_transfer_in<HostCall::read>(thread, file, address, size, 0)
                          : begin_transfer_in<HostCall::recvfrom>(thread, file, address + done, size - done,
                                                                  flags | (must_not_wait ? kDontWait : 0), done);
  if (others > 0) {
    thread->transfer.has_prefetches = true;
    if (result != kLeaveWithRequest) {
      settle_prefetch(thread);
      return result;
    }
    const HostAddress number = thread->host_block + offsetof(HostBlock, number);
    store_host_word(number, row_of(HostCall::recvfrom).number | kInterruptible | kThenReceive | first);
  }
  return result;
}

[[gnu::hot]] void settle_prefetch(Thread* thread) {
  Task* const task = thread->task;
  thread->transfer.has_prefetches = false;
  task->next_prefetch = 1;
  for (std::uint64_t i = 0; i < task->prefetch_count; ++i) {
    Prefetched& prefetched = *task->prefetches[i];
    const HostAddress request = thread->host_block + offsetof(HostBlock, prefetches) + sizeof(PrefetchRequest) * i;
    const std::uint64_t answer =
        load_host_word(request + offsetof(PrefetchRequest, result)).unverified_because("every kind is judged here");
    // E-12, as in finish_transfer.
    std::uint64_t count = answer;
    asm("cmp %1, %0; cmova %2, %0" : "+r"(count) : "r"(kPrefetchSize), "r"(std::uint64_t{0}) : "cc");
    if (!CLOISTER_KEEPS(S_9) && static_cast<long>(answer) >= 0) {
      count = answer;
    } else if (answer > kPrefetchSize) [[unlikely]] {
      const long error = judge_answer(HostCall::recvfrom, kPrefetchSize, answer);
      if (error != -EAGAIN && error != -EINTR && error != -ENOMEM)
        prefetched.error.store(static_cast<std::int32_t>(error), std::memory_order_relaxed);
    }
    if (count > 0) {
      prefetched.outside = thread->host_block + kPrefetchOffset + i * kPrefetchSize;
      prefetched.begin = 0;
      prefetched.is_counted = count == kPrefetchSize;  // the host may have more, of which nobody will tell again
      prefetched.left.store(static_cast<std::uint32_t>(count), std::memory_order_relaxed);
    } else {
      keep_slot(task, prefetched.data);
      prefetched.data = nullptr;
    }
    prefetched.lock.unlock();
  }
}
}  // namespace cloister::core
