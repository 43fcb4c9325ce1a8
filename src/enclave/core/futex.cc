// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/core/futex.h"
#include <asm/errno.h>
#include "src/enclave/core/clock.h"
#include "src/enclave/core/doorbell.h"
#include "src/enclave/core/program_access.h"
#include "src/enclave/core/spinlock.h"

extern "C" std::size_t load_program_u32(std::uint64_t from, std::uint32_t* value);

namespace cloister::core {
namespace {
struct Waiter {
  Waiter* next;
  Waiter* previous;
  Thread* thread;
  std::uint64_t address;
  std::uint32_t bitset;
  std::atomic<std::uint32_t> woken;
};

struct alignas(64) Bucket {
  Spinlock lock;
  std::atomic<std::uint32_t> count{0};
  Waiter* first = nullptr;
  Waiter* last = nullptr;
};
constexpr std::size_t kBucketCount = 256;
constinit Bucket buckets[kBucketCount] = {};

Bucket& bucket_of(std::uint64_t address) { return buckets[(address >> 2) * 0x9e37'79b9'7f4a'7c15ULL >> 56]; }

void enqueue(Bucket& bucket, Waiter* waiter) {
  waiter->next = nullptr;
  waiter->previous = bucket.last;
  (bucket.last != nullptr ? bucket.last->next : bucket.first) = waiter;
  bucket.last = waiter;
}
void dequeue(Bucket& bucket, Waiter* waiter) {
  (waiter->previous != nullptr ? waiter->previous->next : bucket.first) = waiter->next;
  (waiter->next != nullptr ? waiter->next->previous : bucket.last) = waiter->previous;
  bucket.count.fetch_sub(1, std::memory_order_relaxed);
}

// Loads the word with the bucket's lock held: no fault may be resolved there, so a fault is reported (4) and retried
// outside.
std::size_t load_word(std::uint64_t address, std::uint32_t* value, FutexWord word) {
  if (word == FutexWord::program) return load_program_u32(address, value);
  *value = __atomic_load_n(reinterpret_cast<const std::uint32_t*>(address), __ATOMIC_SEQ_CST);
  return 0;
}

// Takes the waiter off whichever queue it is in now (a requeue may have moved it). False: it was woken meanwhile.
bool leave_queue(Waiter* waiter) {
  for (;;) {
    const std::uint64_t address = __atomic_load_n(&waiter->address, __ATOMIC_ACQUIRE);
    Bucket& bucket = bucket_of(address);
    LockGuard guard(bucket.lock);
    if (waiter->woken.load(std::memory_order_acquire) != 0) return false;
    if (__atomic_load_n(&waiter->address, __ATOMIC_ACQUIRE) != address) continue;
    dequeue(bucket, waiter);
    return true;
  }
}

// Woken threads are collected under the lock and rung after it: the doorbell is a host call.
constexpr std::size_t kBatch = 64;
struct Batch {
  Thread* threads[kBatch];
  std::size_t count = 0;
  void ring() {
    for (std::size_t i = 0; i < count; ++i) ring_doorbell(threads[i]);
    count = 0;
  }
};

// Wakes up to `count` waiters on `address`, at most one batch; the lock is held.
std::uint32_t wake_some(Bucket& bucket, std::uint64_t address, std::uint32_t count, std::uint32_t bitset,
                        Batch& batch) {
  std::uint32_t woken = 0;
  for (Waiter* waiter = bucket.first; waiter != nullptr && woken < count && batch.count < kBatch;) {
    Waiter* next = waiter->next;
    if (waiter->address == address && (waiter->bitset & bitset) != 0) {
      dequeue(bucket, waiter);
      batch.threads[batch.count++] = waiter->thread;
      ++woken;
      waiter->woken.store(1, std::memory_order_release);  // the waiter may vanish from here on
    }
    waiter = next;
  }
  return woken;
}
}  // namespace

long futex_wait(std::uint64_t address, std::uint32_t expected, std::uint32_t bitset, std::uint64_t deadline,
                FutexWord word) {
  if (bitset == 0) return -EINVAL;
  Thread* thread = current_thread();
  Waiter waiter{nullptr, nullptr, thread, address, bitset, {0}};
  Bucket& bucket = bucket_of(address);
  for (;;) {
    std::uint32_t value = 0;
    if (word == FutexWord::program && !load_program_u32_checked(address, &value)) return -EFAULT;
    LockGuard guard(bucket.lock);
    bucket.count.fetch_add(1, std::memory_order_seq_cst);
    if (load_word(address, &value, word) != 0) {
      bucket.count.fetch_sub(1, std::memory_order_relaxed);
      continue;
    }
    if (value != expected) {
      bucket.count.fetch_sub(1, std::memory_order_relaxed);
      return -EAGAIN;
    }
    enqueue(bucket, &waiter);
    break;
  }
  const Sleep kind = word == FutexWord::program ? Sleep::interruptible : Sleep::uninterruptible;
  for (;;) {
    const std::uint64_t bell = read_doorbell(thread);
    if (waiter.woken.load(std::memory_order_acquire) != 0) return 0;
    const long result = sleep_on_doorbell(thread, bell, deadline, kind);
    if (result != 0 && waiter.woken.load(std::memory_order_acquire) == 0) return leave_queue(&waiter) ? result : 0;
  }
}

long futex_wake(std::uint64_t address, std::uint32_t count, std::uint32_t bitset) {
  Bucket& bucket = bucket_of(address);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (bucket.count.load(std::memory_order_relaxed) == 0) return 0;
  long total = 0;
  for (;;) {
    Batch batch;
    std::uint32_t woken;
    {
      LockGuard guard(bucket.lock);
      woken = wake_some(bucket, address, count - static_cast<std::uint32_t>(total), bitset, batch);
    }
    batch.ring();
    total += woken;
    if (woken < kBatch || total >= count) return total;
  }
}

long futex_requeue(std::uint64_t address, std::uint32_t wake, std::uint32_t requeue, std::uint64_t target, bool compare,
                   std::uint32_t expected) {
  std::uint32_t value = 0;
  if (!load_program_u32_checked(address, &value)) return -EFAULT;
  Bucket& from = bucket_of(address);
  Bucket& to = bucket_of(target);
  Bucket& first = &from < &to ? from : to;
  Bucket& second = &from < &to ? to : from;
  Batch batch;
  long moved = 0, woken = 0;
  first.lock.lock();
  if (&first != &second) second.lock.lock();
  if (!compare || (load_program_u32(address, &value) == 0 && value == expected)) {
    woken = wake_some(from, address, wake, ~0u, batch);
    // Bells are rung without the locks; who comes to wait meanwhile may be woken, too.
    while (batch.count == kBatch && woken < static_cast<long>(wake)) {
      if (&first != &second) second.lock.unlock();
      first.lock.unlock();
      batch.ring();
      first.lock.lock();
      if (&first != &second) second.lock.lock();
      woken += wake_some(from, address, wake - static_cast<std::uint32_t>(woken), ~0u, batch);
    }
    for (Waiter* waiter = from.first; waiter != nullptr && moved < static_cast<long>(requeue);) {
      Waiter* next = waiter->next;
      if (waiter->address == address && address != target) {
        dequeue(from, waiter);
        to.count.fetch_add(1, std::memory_order_seq_cst);
        __atomic_store_n(&waiter->address, target, __ATOMIC_RELEASE);
        enqueue(to, waiter);
        ++moved;
      }
      waiter = next;
    }
  } else {
    moved = -EAGAIN;
  }
  if (&first != &second) second.lock.unlock();
  first.lock.unlock();
  batch.ring();
  return moved < 0 ? moved : moved + woken;
}
}  // namespace cloister::core
