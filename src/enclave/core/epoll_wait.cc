// SPDX-License-Identifier: Apache-2.0
// epoll_wait(2) while only files of the host are of interest: one host call, whatever the number of idle connections.
#include <asm/errno.h>
#include "src/enclave/core/clock.h"
#include "src/enclave/core/core_calls.h"
#include "src/enclave/core/epoll_table.h"
#include "src/enclave/core/futex.h"
#include "src/enclave/core/interrupt.h"
#include "src/enclave/core/prefetch.h"
#include "src/enclave/core/program_access.h"
#include "src/enclave/core/task.h"

namespace cloister::core {
namespace {
constexpr std::uint64_t kNanosecondsPerMillisecond = 1'000'000;
constexpr std::size_t kBatch = 64;

// The number of events that reached the program, or -EFAULT.
long deliver(Task* task, EpollTable& table, std::size_t count, std::uint64_t address) {
  ReadyList* const ready = table.waiter.load(std::memory_order_relaxed) == task->tid ? &task->ready : nullptr;
  EpollEvent events[kBatch];
  std::size_t delivered = 0;
  for (std::size_t first = 0; first < count; first += kBatch) {
    const std::size_t part = count - first < kBatch ? count - first : kBatch;
    const std::size_t used =
        translate_epoll_events(table, HostCall::epoll_wait, first, part, {.events = events, .ready = ready});
    if (!copy_to_program(address + delivered * sizeof(EpollEvent), events, used * sizeof(EpollEvent))) {
      task->ready.count = 0;
      return -EFAULT;
    }
    delivered += used;
  }
  return static_cast<long>(delivered);
}

// Milliseconds from now to `deadline`, rounded up; 0 when it has passed.
std::uint64_t milliseconds_until(std::uint64_t deadline) {
  const std::uint64_t now = monotonic_now();
  return now >= deadline ? 0 : (deadline - now + kNanosecondsPerMillisecond - 1) / kNanosecondsPerMillisecond;
}

// The kernel storey lets several threads wait, and tells again of what was received ahead and not read.
bool may_wait_here(Task* task, EpollTable& table) {
  if (table.needs_kernel()) return false;
  if (has_unread_prefetch(task)) [[unlikely]] {
    keep_unread_by_edge(task);
    if (task->prefetch_count > 0) return false;
  }
  std::uint32_t waiter = table.waiter.load(std::memory_order_relaxed);
  if (waiter == 0 && table.waiter.compare_exchange_strong(waiter, task->tid)) return true;
  return waiter == task->tid || waiter == EpollTable::kSeveral;
}

// The kernel storey goes on with the wait, not beginning anew.
long hand_over(Task* task, std::int32_t time_out, std::uint64_t deadline) {
  task->wait_deadline = time_out > 0 ? deadline : 0;
  return kTakeKernelPath;
}

// Host may: come back early, late or with nothing; the time-out is over only when our clock says so.
long wait_in_host(Task* task, File* file, std::uint64_t address, std::uint64_t capacity, std::int32_t time_out) {
  EpollTable& table = *file->epoll_table;
  const std::uint64_t host = static_cast<std::uint64_t>(file->host_descriptor);
  const std::uint64_t deadline =
      time_out > 0 ? monotonic_now() + static_cast<std::uint64_t>(time_out) * kNanosecondsPerMillisecond : kNoDeadline;
  std::uint64_t left = static_cast<std::uint64_t>(static_cast<std::int64_t>(time_out));
  for (;;) {
    table.host_waiters.fetch_add(1, std::memory_order_seq_cst);
    const bool needs_kernel = table.needs_kernel();
    const long result = needs_kernel
                            ? kTakeKernelPath
                            : interruptible_host_call(HostCall::epoll_wait, host, bounce_buffer(), capacity, left);
    table.host_waiters.fetch_sub(1, std::memory_order_seq_cst);
    if (needs_kernel) return hand_over(task, time_out, deadline);
    if (result == -EINTR) return hand_over(task, time_out, deadline);  // it knows how interrupted waits go on
    if (result < 0) return result;
    if (result > 0) {
      const long delivered = deliver(task, table, static_cast<std::size_t>(result), address);
      if (delivered != 0) {
        if (table.inside_ready.load(std::memory_order_relaxed) != 0)
          ring_epoll_doorbell(table);  // another waiter's turn
        return delivered;
      }
    }
    if (time_out > 0) left = milliseconds_until(deadline);
    if (time_out == 0 || (time_out > 0 && left == 0))
      return table.needs_kernel() ? hand_over(task, time_out, deadline) : 0;
  }
}
}  // namespace

long fast_epoll_wait(Thread* thread, ProgramContext* context) {
  Task* task = thread->task;
  const auto wanted = static_cast<std::int32_t>(context->rdx);
  if (wanted <= 0 || wanted > 0x7fff'ffff / static_cast<std::int32_t>(sizeof(EpollEvent))) return -EINVAL;
  const auto count = static_cast<std::uint64_t>(wanted);
  if (!is_program_range(context->rsi, count * sizeof(EpollEvent))) return -EFAULT;
  File* file = acquire_file(task, static_cast<std::uint32_t>(context->rdi));
  if (file == nullptr) return -EBADF;
  long result = kTakeKernelPath;
  if (file->kind == FileKind::host_epoll && may_wait_here(task, *file->epoll_table)) [[likely]] {
    task->ready.begin_wait();
    const std::uint64_t capacity = count < EpollTable::kMaxEvents ? count : EpollTable::kMaxEvents;
    result = wait_in_host(task, file, context->rsi, capacity, static_cast<std::int32_t>(context->r10));
  }
  release_file(task);
  return result;
}

// epoll_pwait without a mask is epoll_wait.
long fast_epoll_pwait(Thread* thread, ProgramContext* context) {
  return context->r8 == 0 ? fast_epoll_wait(thread, context) : kTakeKernelPath;
}
}  // namespace cloister::core
