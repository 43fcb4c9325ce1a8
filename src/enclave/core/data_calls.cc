// SPDX-License-Identifier: Apache-2.0
// One buffer to or from a file of the host: the first halves of transfers.
#include "src/enclave/core/core_calls.h"
#include "src/enclave/core/opened_file.h"
#include "src/enclave/core/pass_through.h"
#include "src/enclave/core/prefetch.h"
#include "src/enclave/core/transfer.h"
#include "src/enclave/core/write_behind.h"

namespace cloister::core {
namespace {
// The kernel storey knows what is wrong with others.
bool is_usual_buffer(std::uint64_t address, std::uint64_t size) {
  return size <= kMaxTransfer && is_program_range(address, size);
}
}  // namespace

long fast_read(Thread* thread, ProgramContext* context) {
  const std::uint64_t size = context->rdx;
  if (!is_usual_buffer(context->rsi, size)) return kTakeKernelPath;
  return through(thread, context->rdi, &File::readable, [&](File* file) {
    if (file->prefetched.load(std::memory_order_acquire) != nullptr)
      return receive_ahead(thread, file, static_cast<std::uint32_t>(context->rdi), context->rsi, size, 0,
                           HostCall::read);
    return begin_transfer_in<HostCall::read>(thread, file, context->rsi, size, 0);
  });
}

namespace {
// Bytes that go out unchanged: with the next exit, where nobody can tell, or now.
template <HostCall kCall>
[[gnu::always_inline]] inline long begin_write(Thread* thread, File* file, std::uint64_t address, std::uint64_t size,
                                               std::uint64_t flags) {
  if (write_behind(thread, file, size,
                   [&](HostAddress to) { return copy_program_to_host_checked(to, address, size); })) {
    release_file(thread->task);
    return static_cast<long>(size);
  }
  return begin_transfer_out<kCall>(thread, file, address, size, flags);
}
}  // namespace

// What a stream gets may be one message, which must go out whole: only what fits the bounce buffer is written from
// here.
long fast_write(Thread* thread, ProgramContext* context) {
  const std::uint64_t size = context->rdx;
  if (!is_usual_buffer(context->rsi, size)) return kTakeKernelPath;
  return through(thread, context->rdi, &File::writable, [&](File* file) {
    if (size > kBounceSize && file->kind != FileKind::host_regular) [[unlikely]]
      return kTakeKernelPath;
    return begin_write<HostCall::write>(thread, file, context->rsi, size, 0);
  });
}

namespace {
// Of a file that was just opened. 0: the host must be asked.
[[gnu::noinline]] long read_first_bytes(Thread* thread, std::uint64_t address, std::uint64_t size,
                                        std::uint64_t offset) {
  const FirstBytes first = take_first_bytes(thread, offset, size);
  if (first.size == 0 || !copy_host_to_program_checked(address, first.at, first.size)) return 0;
  thread->bytes_in += first.size;
  release_file(thread->task);
  return static_cast<long>(first.size);
}
}  // namespace

long fast_pread64(Thread* thread, ProgramContext* context) {
  const std::uint64_t size = context->rdx;
  if (static_cast<std::int64_t>(context->r10) < 0 || !is_usual_buffer(context->rsi, size)) return kTakeKernelPath;
  return through(thread, context->rdi, &File::readable, [&](File* file) {
    if (file->kind != FileKind::host_regular) return kTakeKernelPath;
    if (is_just_opened(thread, file)) [[unlikely]]
      if (const long here = read_first_bytes(thread, context->rsi, size, context->r10); here > 0) return here;
    return begin_transfer_in<HostCall::pread64>(thread, file, context->rsi, size, context->r10);
  });
}

long fast_pwrite64(Thread* thread, ProgramContext* context) {
  const std::uint64_t size = context->rdx;
  if (static_cast<std::int64_t>(context->r10) < 0 || !is_usual_buffer(context->rsi, size)) return kTakeKernelPath;
  return through(thread, context->rdi, &File::writable, [&](File* file) {
    if (file->kind != FileKind::host_regular) return kTakeKernelPath;
    return begin_transfer_out<HostCall::pwrite64>(thread, file, context->rsi, size, context->r10);
  });
}

long fast_recvfrom(Thread* thread, ProgramContext* context) {
  const std::uint64_t size = context->rdx;
  if (context->r8 != 0 || (context->r10 & ~kSimpleMessageFlags) != 0 || !is_usual_buffer(context->rsi, size))
    return kTakeKernelPath;
  return through(thread, context->rdi, &File::readable, [&](File* file) {
    if (file->kind != FileKind::host_socket) return kTakeKernelPath;
    if (file->prefetched.load(std::memory_order_acquire) != nullptr)
      return receive_ahead(thread, file, static_cast<std::uint32_t>(context->rdi), context->rsi, size, context->r10,
                           HostCall::recvfrom);
    return begin_transfer_in<HostCall::recvfrom>(thread, file, context->rsi, size, context->r10);
  });
}

// A datagram must go out whole, so only what fits the bounce buffer is sent from here.
long fast_sendto(Thread* thread, ProgramContext* context) {
  const std::uint64_t size = context->rdx;
  if (context->r8 != 0 || (context->r10 & ~kSimpleMessageFlags) != 0 || size > kBounceSize ||
      !is_program_range(context->rsi, size))
    return kTakeKernelPath;
  return through(thread, context->rdi, &File::writable, [&](File* file) {
    if (file->kind != FileKind::host_socket) return kTakeKernelPath;
    return begin_write<HostCall::sendto>(thread, file, context->rsi, size, context->r10 | kNoSignal);
  });
}
}  // namespace cloister::core
