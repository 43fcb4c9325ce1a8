// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/core/data_calls.h"
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <time.h>
#include "src/enclave/core/clock.h"
#include "src/enclave/core/host_call_path.h"
#include "src/enclave/core/program_access.h"
#include "src/enclave/core/task.h"

namespace cloister::core {
namespace {
constexpr std::uint64_t kNanosecondsPerSecond = 1'000'000'000;

// A file of the host whose data goes through unchanged, or null: the kernel storey decides.
File* acquire_pass_through(Task* task, std::uint64_t descriptor, bool File::*access) {
  File* file = acquire_file(task, descriptor);
  if (file == nullptr) return nullptr;
  if (file->kind != FileKind::other && file->*access) [[likely]]
    return file;
  release_file(task);
  return nullptr;
}

// -EINTR is turned into a restart: signal delivery decides by SA_RESTART, as Linux does.
long restartable(long result) { return result == -EINTR ? kRestartSys : result; }

// Host may: return more than asked, fewer bytes of a regular file (then the file ended), any error of the class, EINTR.
template <HostCall kCall>
[[gnu::always_inline]] inline long transfer_in(Thread* thread, File* file, std::uint64_t address, std::uint64_t size,
                                               std::uint64_t flags) {
  const HostAddress bounce = thread->host_block + kHostBlockBounceOffset;
  long total = 0;
  for (;;) {
    const std::uint64_t part = size < kBounceSize ? size : kBounceSize;
    const long result =
        interruptible_data_call<kCall>(thread, static_cast<std::uint64_t>(file->host_descriptor), bounce, part, flags);
    if (result < 0) return total > 0 ? total : restartable(result);
    if (!copy_host_to_program_checked(address, bounce, static_cast<std::uint64_t>(result)))
      return total > 0 ? total : -EFAULT;
    thread->bytes_in += static_cast<std::uint64_t>(result);
    total += result;
    if (static_cast<std::uint64_t>(result) < part || part == size || file->kind != FileKind::host_regular) return total;
    address += part;
    size -= part;
  }
}

template <HostCall kCall>
[[gnu::always_inline]] inline long transfer_out(Thread* thread, File* file, std::uint64_t address, std::uint64_t size,
                                                std::uint64_t flags) {
  const HostAddress bounce = thread->host_block + kHostBlockBounceOffset;
  long total = 0;
  for (;;) {
    const std::uint64_t part = size < kBounceSize ? size : kBounceSize;
    if (!copy_program_to_host_checked(bounce, address, part)) return total > 0 ? total : -EFAULT;
    const long result =
        interruptible_data_call<kCall>(thread, static_cast<std::uint64_t>(file->host_descriptor), bounce, part, flags);
    if (result < 0 && total > 0) return total;
    if (result < 0) return result == -EPIPE ? kTakeKernelPath : restartable(result);  // the kernel storey sends SIGPIPE
    thread->bytes_out += static_cast<std::uint64_t>(result);
    total += result;
    if (static_cast<std::uint64_t>(result) < part || part == size) return total;
    address += part;
    size -= part;
  }
}

constexpr std::uint64_t kMaxTransfer = 0x7fff'f000;
std::uint64_t transfer_size(std::uint64_t size) { return size < kMaxTransfer ? size : kMaxTransfer; }
}  // namespace

long fast_read(Thread* thread, ProgramContext* context) {
  Task* task = thread->task;
  const std::uint64_t size = transfer_size(context->rdx);
  if (!is_program_range(context->rsi, size)) return kTakeKernelPath;
  File* file = acquire_pass_through(task, static_cast<std::uint32_t>(context->rdi), &File::readable);
  if (file == nullptr) return kTakeKernelPath;
  const long result = transfer_in<HostCall::read>(thread, file, context->rsi, size, 0);
  release_file(task);
  return result;
}

long fast_write(Thread* thread, ProgramContext* context) {
  Task* task = thread->task;
  const std::uint64_t size = transfer_size(context->rdx);
  if (!is_program_range(context->rsi, size)) return kTakeKernelPath;
  File* file = acquire_pass_through(task, static_cast<std::uint32_t>(context->rdi), &File::writable);
  if (file == nullptr) return kTakeKernelPath;
  // What a stream gets may be one message, which must go out whole: only what fits the bounce buffer is written from
  // here.
  const long result = file->kind == FileKind::host_stream && size > kBounceSize
                          ? kTakeKernelPath
                          : transfer_out<HostCall::write>(thread, file, context->rsi, size, 0);
  release_file(task);
  return result;
}

long fast_recvfrom(Thread* thread, ProgramContext* context) {
  Task* task = thread->task;
  const std::uint64_t size = transfer_size(context->rdx);
  if (context->r8 != 0 || !is_program_range(context->rsi, size)) return kTakeKernelPath;
  constexpr std::uint64_t kSimpleFlags = 0x40 | 0x4000;  // MSG_DONTWAIT, MSG_NOSIGNAL
  if ((context->r10 & ~kSimpleFlags) != 0) return kTakeKernelPath;
  File* file = acquire_pass_through(task, static_cast<std::uint32_t>(context->rdi), &File::readable);
  if (file == nullptr) return kTakeKernelPath;
  const long result = file->kind == FileKind::host_stream
                          ? transfer_in<HostCall::recvfrom>(thread, file, context->rsi, size, context->r10)
                          : kTakeKernelPath;
  release_file(task);
  return result;
}

long fast_sendto(Thread* thread, ProgramContext* context) {
  Task* task = thread->task;
  // A datagram must go out whole, so only what fits the bounce buffer is sent from here.
  if (context->r8 != 0 || context->rdx > kBounceSize || !is_program_range(context->rsi, context->rdx))
    return kTakeKernelPath;
  constexpr std::uint64_t kSimpleFlags = 0x40 | 0x4000;
  if ((context->r10 & ~kSimpleFlags) != 0) return kTakeKernelPath;
  File* file = acquire_pass_through(task, static_cast<std::uint32_t>(context->rdi), &File::writable);
  if (file == nullptr) return kTakeKernelPath;
  const long result =
      file->kind == FileKind::host_stream
          ? transfer_out<HostCall::sendto>(thread, file, context->rsi, context->rdx, context->r10 | 0x4000)
          : kTakeKernelPath;
  release_file(task);
  return result;
}

long fast_getpid(Thread* thread, ProgramContext*) { return thread->task->tgid; }
long fast_gettid(Thread* thread, ProgramContext*) { return thread->task->tid; }

long fast_clock_gettime(Thread*, ProgramContext* context) {
  std::uint64_t now;
  switch (static_cast<std::uint32_t>(context->rdi)) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE: now = realtime_now(); break;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE: now = monotonic_now(); break;
    case CLOCK_BOOTTIME: now = boottime_now(); break;
    default: return kTakeKernelPath;
  }
  const std::uint64_t time[2] = {now / kNanosecondsPerSecond, now % kNanosecondsPerSecond};
  return copy_to_program(context->rsi, time, sizeof time) ? 0 : -EFAULT;
}

long fast_gettimeofday(Thread*, ProgramContext* context) {
  const std::uint64_t now = realtime_now();
  const std::uint64_t time[2] = {now / kNanosecondsPerSecond, now % kNanosecondsPerSecond / 1000};
  if (context->rdi != 0 && !copy_to_program(context->rdi, time, sizeof time)) return -EFAULT;
  if (context->rsi != 0 && !zero_program(context->rsi, 8)) return -EFAULT;
  return 0;
}

long fast_time(Thread*, ProgramContext* context) {
  const std::uint64_t now = realtime_now() / kNanosecondsPerSecond;
  if (context->rdi != 0 && !copy_to_program(context->rdi, &now, sizeof now)) return -EFAULT;
  return static_cast<long>(now);
}

long fast_sched_yield(Thread*, ProgramContext*) {
  host_call(HostCall::sched_yield);
  return 0;
}

long fast_arch_prctl(Thread*, ProgramContext* context) {
  constexpr std::uint64_t kSetFs = 0x1002, kGetFs = 0x1003;
  if (context->rdi == kSetFs) {
    if (context->rsi >= 0x7fff'ffff'f000) return -EPERM;
    asm volatile("wrfsbase %0" ::"r"(context->rsi));
    return 0;
  }
  if (context->rdi == kGetFs) {
    std::uint64_t base;
    asm volatile("rdfsbase %0" : "=r"(base));
    return copy_to_program(context->rsi, &base, sizeof base) ? 0 : -EFAULT;
  }
  return kTakeKernelPath;
}
}  // namespace cloister::core
