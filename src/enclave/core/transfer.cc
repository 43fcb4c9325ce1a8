// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/core/transfer.h"
#include "src/boundary/rules.h"
#include "src/enclave/core/core_calls.h"
#include "src/enclave/core/dispatch.h"

namespace cloister::core {
namespace {
constexpr bool has_offset(HostCall call) { return call == HostCall::pread64 || call == HostCall::pwrite64; }

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
  if (transfer.is_out && !copy_program_to_host_checked(bounce_buffer(thread), transfer.address, transfer.part))
    return end_transfer(thread, -EFAULT);
  return request_again(thread);
}

// No count that was asked for: an error, or a lie. A false EINTR is asked again (I-13).
[[gnu::noinline]] long failed_part(Thread* thread, std::uint64_t answer) {
  const Transfer& transfer = thread->transfer;
  const long error = judge_answer(transfer.call, transfer.part, answer);
  return error == -EINTR ? request_again(thread) : end_transfer(thread, error);
}
}  // namespace

[[gnu::noinline]] long end_transfer(Thread* thread, long result) {
  const Transfer& transfer = thread->transfer;
  release_file(thread->task);
  if (transfer.total > 0) return static_cast<long>(transfer.total);
  if (result == -EINTR) return kRestartSys;  // signal delivery decides by SA_RESTART, as Linux does
  // The kernel storey knows about SIGPIPE.
  return transfer.is_out && result == -EPIPE ? kTakeKernelPath : result;
}

// Host may: answer more than was asked for or an error outside the row's class (both stop the enclave), fewer bytes of
// a regular file (then the file ended), EINTR at will. E-12: a count that is not allowed is 0 also for what runs ahead
// of the check.
extern "C" [[gnu::hot]] long finish_transfer(Thread* thread) {
  Transfer& transfer = thread->transfer;
  const std::uint64_t answer = take_answer(thread);
  const std::uint64_t part = transfer.part;
  std::uint64_t count = answer;
  asm("cmp %1, %0; cmova %2, %0" : "+r"(count) : "r"(part), "r"(std::uint64_t{0}) : "cc");
  if (!CLOISTER_KEEPS(S_9) && static_cast<long>(answer) >= 0) {
    count = answer;
  } else if (answer > part) [[unlikely]] {
    return failed_part(thread, answer);
  }
  if (transfer.is_out) {
    thread->bytes_out += count;
  } else {
    if (!copy_host_to_program_checked(transfer.address, bounce_buffer(thread), count)) [[unlikely]]
      return end_transfer(thread, -EFAULT);
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
