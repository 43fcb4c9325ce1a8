// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/core/transfer.h"
#include "src/boundary/rules.h"
#include "src/enclave/core/core_calls.h"
#include "src/enclave/core/dispatch.h"
#include "src/enclave/core/prefetch.h"
#include "src/enclave/core/write_behind.h"

namespace cloister::core {
namespace {
constexpr bool has_offset(HostCall call) { return call == HostCall::pread64 || call == HostCall::pwrite64; }

// The row that judges the errors of `transfer`.
HostCall use_of(const Transfer& transfer) {
  switch (transfer.call) {
    case HostCall::read: return transfer.is_regular ? HostCall::read_of_file : HostCall::read;
    case HostCall::write: return transfer.is_regular ? HostCall::write_of_file : HostCall::write;
    case HostCall::pread64: return transfer.is_regular ? HostCall::pread64 : HostCall::pread64_of_stream;
    case HostCall::pwrite64: return transfer.is_regular ? HostCall::pwrite64 : HostCall::pwrite64_of_stream;
    default: return transfer.call;
  }
}

constexpr std::uint64_t kPage = 4096;

// The largest part that `copies(bytes)` says can be copied, of `size` bytes at `address` which cannot all be: up to one
// of the pages.
template <typename Copies>
std::uint64_t before_the_fault(std::uint64_t address, std::uint64_t size, Copies copies) {
  std::uint64_t most = 0;
  for (std::uint64_t bytes = kPage - address % kPage; bytes < size && copies(bytes); bytes += kPage) most = bytes;
  return most;
}

// The current part, as request_part, for those that are rare.
[[gnu::noinline]] long request_again(Thread* thread) {
  switch (thread->transfer.call) {
    case HostCall::read: return request_part<HostCall::read>(thread);
    case HostCall::write: return request_part<HostCall::write>(thread);
    case HostCall::pread64: return request_part<HostCall::pread64>(thread);
    case HostCall::pwrite64: return request_part<HostCall::pwrite64>(thread);
    case HostCall::recvfrom: return request_part<HostCall::recvfrom>(thread);
    default: return request_part<HostCall::sendto>(thread);
  }
}

[[gnu::noinline]] long request_next_part(Thread* thread) {
  Transfer& transfer = thread->transfer;
  transfer.address += transfer.part;
  transfer.left -= transfer.part;
  if (has_offset(transfer.call)) transfer.fourth += transfer.part;
  if (transfer.left < transfer.part) transfer.part = transfer.left;
  if (transfer.is_out && !copy_program_to_host_checked(bounce_buffer(thread), transfer.address, transfer.part)) {
    transfer.left = transfer.part = readable_bytes(thread, transfer.address, transfer.part);
    if (transfer.part == 0) return end_transfer(thread, -EFAULT);
  }
  return request_again(thread);
}

// No count that was asked for: an error, or a lie. A false EINTR is asked again (I-13).
[[gnu::noinline]] long failed_part(Thread* thread, std::uint64_t answer) {
  const Transfer& transfer = thread->transfer;
  const long error = judge_answer(use_of(transfer), transfer.part, answer);
  if (error == -EINTR) return request_again(thread);
  const File* const file = thread->task->hazard.load(std::memory_order_relaxed);
  if (error != -EAGAIN) stop_write_behind(file);
  if (transfer.total > 0 && !transfer.is_out) keep_read_error(file, error);
  return end_transfer(thread, error);
}

// The end of a stream, or what made it one: an error of a send that had waited for an exit.
[[gnu::noinline]] long nothing_moved(Thread* thread) {
  const Transfer& transfer = thread->transfer;
  const File* const file = thread->task->hazard.load(std::memory_order_relaxed);
  const bool ends = !transfer.is_out && transfer.part > 0 && transfer.total == 0;
  return end_transfer(thread, ends ? -take_send_error(file) : 0);
}

// The host gave `count` bytes, of which not all could go to the program. Those that could are its own, and a regular
// file is set back to where they end.
[[gnu::noinline]] long partly_copied(Thread* thread, std::uint64_t count) {
  Transfer& transfer = thread->transfer;
  const std::uint64_t copied = before_the_fault(transfer.address, count, [&](std::uint64_t bytes) {
    return copy_host_to_program_checked(transfer.address, bounce_buffer(thread), bytes);
  });
  if (transfer.is_regular && transfer.call == HostCall::read)
    host_call(HostCall::lseek, transfer.descriptor, copied - count, std::uint64_t{1});  // SEEK_CUR
  thread->bytes_in += copied;
  transfer.total += copied;
  return end_transfer(thread, -EFAULT);
}
}  // namespace

std::uint64_t readable_bytes(Thread* thread, std::uint64_t address, std::uint64_t size) {
  return before_the_fault(address, size, [&](std::uint64_t bytes) {
    return copy_program_to_host_checked(bounce_buffer(thread), address, bytes);
  });
}

[[gnu::noinline]] long end_transfer(Thread* thread, long result) {
  const Transfer& transfer = thread->transfer;
  release_file(thread->task);
  if (transfer.total > 0) return static_cast<long>(transfer.total);
  if (result == -EINTR) return kRestartSys;  // signal delivery decides by SA_RESTART, as Linux does
  // The kernel storey knows about SIGPIPE.
  return transfer.is_out && result == -EPIPE ? kTakeKernelPath : result;
}

// Host may: answer more than was asked for or an error outside the row's set (both stop the enclave), fewer bytes of
// a regular file (then the file ended), EINTR at will. E-12: a count that is not allowed is 0 also for what runs ahead
// of the check.
extern "C" [[gnu::hot]] long finish_transfer(Thread* thread) {
  Transfer& transfer = thread->transfer;
  const std::uint64_t answer = take_answer(thread);
  if (transfer.has_prefetches) [[unlikely]]
    settle_prefetch(thread);
  const std::uint64_t part = transfer.part;
  std::uint64_t count = answer;
  asm("cmp %1, %0; cmova %2, %0" : "+r"(count) : "r"(part), "r"(std::uint64_t{0}) : "cc");
  if (!CLOISTER_KEEPS(S_9) && static_cast<long>(answer) >= 0) {
    count = answer;
  } else if (answer > part) [[unlikely]] {
    return failed_part(thread, answer);
  }
  if (count == 0) [[unlikely]]
    return nothing_moved(thread);
  if (transfer.is_out) {
    thread->bytes_out += count;
  } else {
    if (!copy_host_to_program_checked(transfer.address, bounce_buffer(thread), count)) [[unlikely]]
      return partly_copied(thread, count);
    thread->bytes_in += count;
  }
  transfer.total += count;
  if (count == part && part < transfer.left) [[unlikely]]
    return request_next_part(thread);
  release_file(thread->task);
  return static_cast<long>(transfer.total);
}

long run_core_call(CoreHandler handler, Thread* thread, ProgramContext* context) {
  long result = handler(thread, context);
  while (result == kLeaveWithRequest) {
    host_call_transfer();
    result = finish_transfer(thread);
  }
  return result;
}
}  // namespace cloister::core
