// SPDX-License-Identifier: Apache-2.0
// sendfile of what one send may hold, from a file of the host to a socket whose sends may wait for an exit: the host
// reads the file into the send area, or has read it as it was opened, and that goes out with the next exit
// (write_behind.h). The data is the host's before and after, and never comes in. Everything else is the kernel
// storey's.
#include <fcntl.h>
#include <cstdint>
#include "src/enclave/core/core_calls.h"
#include "src/enclave/core/host_call.h"
#include "src/enclave/core/opened_file.h"
#include "src/enclave/core/pass_through.h"
#include "src/enclave/core/program_access.h"

namespace cloister::core {
namespace {
// So many bytes from `offset` on now wait to be sent, unless the kernel storey must serve the call: also at the file's
// end, or what Linux takes for too large an offset. Host may: give any bytes and fewer than there are; the file is its
// own.
long queue_file(Thread* thread, const File* to, const File* from, std::uint64_t offset, std::uint64_t size) {
  WriteBehind* const behind = to->write_behind.load(std::memory_order_acquire);
  if (behind == nullptr) return kTakeKernelPath;
  if (is_just_opened(thread, from)) {
    const FirstBytes first = take_first_bytes(thread, offset, size);
    if (first.size != 0)
      return queue_host_bytes(thread, to, *behind, first.at, first.size) ? static_cast<long>(first.size)
                                                                         : kTakeKernelPath;
  }
  const HostAddress place = place_for_send(thread, to, *behind, size);
  if (place.is_null()) return kTakeKernelPath;
  const long count =
      host_call(HostCall::pread64, static_cast<std::uint64_t>(from->host_descriptor), place, size, offset);
  return count > 0 && queue_send(thread, *behind, place, static_cast<std::uint64_t>(count)) ? count : kTakeKernelPath;
}

long send_file(Thread* thread, const File* to, const File* from, std::uint64_t offset_address, std::uint64_t size) {
  std::uint64_t offset;
  if (from == nullptr || from->kind != FileKind::host_regular || !from->readable ||
      !copy_from_program(&offset, offset_address, sizeof offset) || static_cast<std::int64_t>(offset) < 0)
    return kTakeKernelPath;
  const long count = queue_file(thread, to, from, offset, size);
  if (count == kTakeKernelPath) return count;
  if (offset + static_cast<std::uint64_t>(count) > std::uint64_t{INT64_MAX})
    host_lied(HostCall::pread64, "data beyond all offsets");
  offset += static_cast<std::uint64_t>(count);
  return copy_to_program(offset_address, &offset, sizeof offset) ? count : -EFAULT;
}
}  // namespace

long fast_sendfile(Thread* thread, ProgramContext* context) {
  const std::uint64_t offset_address = context->rdx, size = context->r10;
  if (offset_address == 0 || size == 0 || size > kBounceSize) return kTakeKernelPath;
  return through(thread, context->rdi, &File::writable, [&](File* to) {
    if ((to->status_flags.load(std::memory_order_relaxed) & O_APPEND) != 0) return kTakeKernelPath;
    Task* const task = thread->task;
    const File* const from = find_file(task, task->other_hazard, static_cast<std::uint32_t>(context->rsi));
    const long result = send_file(thread, to, from, offset_address, size);
    task->other_hazard.store(nullptr, std::memory_order_release);
    if (result != kTakeKernelPath) release_file(task);
    return result;
  });
}
}  // namespace cloister::core
