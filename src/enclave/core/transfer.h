// SPDX-License-Identifier: Apache-2.0
// A buffer of the program's to or from a file of the host, in two halves: `begin` lays a request into the host block
// and answers kLeaveWithRequest; the assembly leaves with it, and what comes back is finish_transfer's. Between the
// halves no C++ frame is alive: nothing is saved for one, and there is no return for the processor to mispredict, whose
// return predictions rarely survive the host kernel. All state is Thread::transfer; the file stays the task's hazard.
// Trusted, freestanding.
#pragma once
#include <asm/errno.h>
#include "src/enclave/core/host_call_path.h"
#include "src/enclave/core/program_access.h"
#include "src/enclave/core/task.h"

namespace cloister::core {
// How many of `size` bytes that could not be copied lie before the page that is not there; the bounce buffer has them
// then.
std::uint64_t readable_bytes(Thread* thread, std::uint64_t address, std::uint64_t size);
// The end of a transfer whose last host call answered `result`: what earlier parts moved, or the error.
long end_transfer(Thread* thread, long result);

// Whether the current part may go out. Signals wait until all parts of a regular file have been moved, as on Linux; the
// thread's end does not.
inline bool may_leave_for(Thread* thread) {
  if (!thread->transfer.is_regular) [[likely]]
    return may_leave_interruptibly(thread);
  return (__atomic_load_n(&thread->work, __ATOMIC_ACQUIRE) & kWorkExit) == 0;
}

// Lays the request for Thread::transfer's current part into the block, whose buffer holds its bytes if they go out.
template <HostCall kCall>
[[gnu::always_inline]] inline long request_part(Thread* thread) {
  constexpr HostCallRow row = row_of(kCall);
  static_assert(row.result == HostResult::count && row.bound == 2);
  if (!may_leave_for(thread)) [[unlikely]]
    return end_transfer(thread, -EINTR);
  const Transfer& transfer = thread->transfer;
  const std::uint64_t number = row.number | (transfer.is_regular ? 0 : kInterruptible);
  const std::uint64_t buffer = bounce_buffer(thread).word();
  if constexpr (kCall == HostCall::read || kCall == HostCall::write)
    fill_request(thread, number, {transfer.descriptor, buffer, transfer.part});
  else
    fill_request(thread, number, {transfer.descriptor, buffer, transfer.part, transfer.fourth, 0, 0});
  return kLeaveWithRequest;
}

enum class Direction : bool { in, out };

// A stream gives and takes what one host call moves; a regular file is gone through in parts. Of a transfer that goes
// out, the first part lies in the bounce buffer.
template <HostCall kCall>
[[gnu::always_inline]] inline long begin_transfer(Thread* thread, File* file, Direction direction,
                                                  std::uint64_t address, std::uint64_t size, std::uint64_t fourth,
                                                  std::uint64_t done = 0) {
  const std::uint64_t part = size < kBounceSize ? size : kBounceSize;
  Transfer& transfer = thread->transfer;
  transfer.address = address;
  transfer.is_regular = file->kind == FileKind::host_regular;
  transfer.left = transfer.is_regular ? size : part;
  transfer.part = part;
  transfer.total = done;
  transfer.descriptor = static_cast<std::uint64_t>(file->host_descriptor);
  transfer.fourth = fourth;
  transfer.call = kCall;
  transfer.is_out = direction == Direction::out;
  return request_part<kCall>(thread);
}

template <HostCall kCall>
[[gnu::always_inline]] inline long begin_transfer_in(Thread* thread, File* file, std::uint64_t address,
                                                     std::uint64_t size, std::uint64_t fourth, std::uint64_t done = 0) {
  return begin_transfer<kCall>(thread, file, Direction::in, address, size, fourth, done);
}

template <HostCall kCall>
[[gnu::always_inline]] inline long begin_transfer_out(Thread* thread, File* file, std::uint64_t address,
                                                      std::uint64_t size, std::uint64_t fourth) {
  const std::uint64_t part = size < kBounceSize ? size : kBounceSize;
  if (!copy_program_to_host_checked(bounce_buffer(thread), address, part)) [[unlikely]] {
    size = file->kind == FileKind::host_regular ? readable_bytes(thread, address, part) : 0;
    if (size == 0) {
      release_file(thread->task);
      return -EFAULT;
    }
  }
  return begin_transfer<kCall>(thread, file, Direction::out, address, size, fourth);
}
}  // namespace cloister::core
