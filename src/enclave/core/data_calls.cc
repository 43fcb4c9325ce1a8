// SPDX-License-Identifier: Apache-2.0
// One buffer to or from a file of the host.
#include "src/enclave/core/core_calls.h"
#include "src/enclave/core/pass_through.h"
#include "src/enclave/core/program_access.h"

namespace cloister::core {
namespace {
// The fourth argument: flags of a message, or where in the file the next part begins.
template <HostCall kCall>
constexpr bool kHasOffset = kCall == HostCall::pread64 || kCall == HostCall::pwrite64;

// Host may: return more than asked, fewer bytes of a regular file (then the file ended), any error of the class, EINTR.
template <HostCall kCall>
[[gnu::always_inline]] inline long transfer_in(Thread* thread, File* file, std::uint64_t address, std::uint64_t size,
                                               std::uint64_t fourth) {
  const HostAddress bounce = thread->host_block + kHostBlockBounceOffset;
  long total = 0;
  for (;;) {
    const std::uint64_t part = size < kBounceSize ? size : kBounceSize;
    const long result =
        interruptible_data_call<kCall>(thread, static_cast<std::uint64_t>(file->host_descriptor), bounce, part, fourth);
    if (result < 0) return total > 0 ? total : restartable(result);
    if (!copy_host_to_program_checked(address, bounce, static_cast<std::uint64_t>(result)))
      return total > 0 ? total : -EFAULT;
    thread->bytes_in += static_cast<std::uint64_t>(result);
    total += result;
    if (static_cast<std::uint64_t>(result) < part || part == size || file->kind != FileKind::host_regular) return total;
    address += part;
    size -= part;
    if constexpr (kHasOffset<kCall>) fourth += part;
  }
}

template <HostCall kCall>
[[gnu::always_inline]] inline long transfer_out(Thread* thread, File* file, std::uint64_t address, std::uint64_t size,
                                                std::uint64_t fourth) {
  const HostAddress bounce = thread->host_block + kHostBlockBounceOffset;
  long total = 0;
  for (;;) {
    const std::uint64_t part = size < kBounceSize ? size : kBounceSize;
    if (!copy_program_to_host_checked(bounce, address, part)) return total > 0 ? total : -EFAULT;
    const long result =
        interruptible_data_call<kCall>(thread, static_cast<std::uint64_t>(file->host_descriptor), bounce, part, fourth);
    if (result < 0) return total > 0 ? total : failed_write(result);
    thread->bytes_out += static_cast<std::uint64_t>(result);
    total += result;
    if (static_cast<std::uint64_t>(result) < part || part == size) return total;
    address += part;
    size -= part;
    if constexpr (kHasOffset<kCall>) fourth += part;
  }
}

std::uint64_t transfer_size(std::uint64_t size) { return size < kMaxTransfer ? size : kMaxTransfer; }
}  // namespace

long fast_read(Thread* thread, ProgramContext* context) {
  const std::uint64_t size = transfer_size(context->rdx);
  if (!is_program_range(context->rsi, size)) return kTakeKernelPath;
  return through(thread, context->rdi, &File::readable,
                 [&](File* file) { return transfer_in<HostCall::read>(thread, file, context->rsi, size, 0); });
}

// What a stream gets may be one message, which must go out whole: only what fits the bounce buffer is written from
// here.
long fast_write(Thread* thread, ProgramContext* context) {
  const std::uint64_t size = transfer_size(context->rdx);
  if (!is_program_range(context->rsi, size)) return kTakeKernelPath;
  return through(thread, context->rdi, &File::writable, [&](File* file) {
    if (file->kind != FileKind::host_regular && size > kBounceSize) return kTakeKernelPath;
    return transfer_out<HostCall::write>(thread, file, context->rsi, size, 0);
  });
}

long fast_pread64(Thread* thread, ProgramContext* context) {
  const std::uint64_t size = transfer_size(context->rdx);
  if (static_cast<std::int64_t>(context->r10) < 0 || !is_program_range(context->rsi, size)) return kTakeKernelPath;
  return through(thread, context->rdi, &File::readable, [&](File* file) {
    if (file->kind != FileKind::host_regular) return kTakeKernelPath;
    return transfer_in<HostCall::pread64>(thread, file, context->rsi, size, context->r10);
  });
}

long fast_pwrite64(Thread* thread, ProgramContext* context) {
  const std::uint64_t size = transfer_size(context->rdx);
  if (static_cast<std::int64_t>(context->r10) < 0 || !is_program_range(context->rsi, size)) return kTakeKernelPath;
  return through(thread, context->rdi, &File::writable, [&](File* file) {
    if (file->kind != FileKind::host_regular) return kTakeKernelPath;
    return transfer_out<HostCall::pwrite64>(thread, file, context->rsi, size, context->r10);
  });
}

long fast_recvfrom(Thread* thread, ProgramContext* context) {
  const std::uint64_t size = transfer_size(context->rdx);
  if (context->r8 != 0 || (context->r10 & ~kSimpleMessageFlags) != 0 || !is_program_range(context->rsi, size))
    return kTakeKernelPath;
  return through(thread, context->rdi, &File::readable, [&](File* file) {
    if (file->kind != FileKind::host_socket) return kTakeKernelPath;
    return transfer_in<HostCall::recvfrom>(thread, file, context->rsi, size, context->r10);
  });
}

// A datagram must go out whole, so only what fits the bounce buffer is sent from here.
long fast_sendto(Thread* thread, ProgramContext* context) {
  if (context->r8 != 0 || (context->r10 & ~kSimpleMessageFlags) != 0 || context->rdx > kBounceSize ||
      !is_program_range(context->rsi, context->rdx))
    return kTakeKernelPath;
  return through(thread, context->rdi, &File::writable, [&](File* file) {
    if (file->kind != FileKind::host_socket) return kTakeKernelPath;
    return transfer_out<HostCall::sendto>(thread, file, context->rsi, context->rdx, context->r10 | kNoSignal);
  });
}
}  // namespace cloister::core
