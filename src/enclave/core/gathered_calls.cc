// SPDX-License-Identifier: Apache-2.0
// Several buffers to a file of the host in one host call: writev, and sendmsg of nothing but data. What is longer than
// the bounce buffer, or has more parts than most programs write at once, is the kernel storey's.
#include "src/enclave/core/core_calls.h"
#include "src/enclave/core/host_gather.h"
#include "src/enclave/core/pass_through.h"
#include "src/enclave/core/transfer.h"
#include "src/enclave/core/write_behind.h"

namespace cloister::core {
namespace {
constexpr std::uint64_t kMostParts = 16;

struct Part {  // struct iovec
  std::uint64_t address, size;
};

struct Parts {
  Part list[kMostParts];
  std::uint64_t count;
  std::uint64_t size;  // of all
};

// Whether they are the program's and fit the bounce buffer; else the kernel storey finds out what is wrong with them.
bool load(Parts& parts, std::uint64_t address, std::uint64_t count) {
  if (count == 0 || count > kMostParts || !copy_from_program(parts.list, address, count * sizeof(Part))) return false;
  parts.count = count;
  parts.size = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t size = parts.list[i].size;
    if (size > kBounceSize - parts.size || !is_program_range(parts.list[i].address, size)) return false;
    parts.size += size;
  }
  return parts.size != 0;
}

// Whether all of them could be copied to `host`.
bool gather_to(HostAddress host, const Parts& parts) {
  HostGather gather(host);
  for (std::uint64_t i = 0; i < parts.count; ++i)
    if (!gather.add(parts.list[i].address, parts.list[i].size)) return false;
  gather.finish();
  return true;
}

// Host may: take fewer bytes than offered, fail with any error of the class, EINTR.
template <HostCall kCall>
[[gnu::always_inline]] inline long begin_gathered(Thread* thread, File* file, const Parts& parts, std::uint64_t flags) {
  if (write_behind(thread, file, parts.size, [&](HostAddress to) { return gather_to(to, parts); })) {
    release_file(thread->task);
    return static_cast<long>(parts.size);
  }
  if (!gather_to(bounce_buffer(thread), parts)) return kTakeKernelPath;  // EFAULT, or a part of it
  return begin_transfer<kCall>(thread, file, Direction::out, 0, parts.size, flags);
}
}  // namespace

long fast_writev(Thread* thread, ProgramContext* context) {
  Parts parts;
  if (!load(parts, context->rsi, context->rdx)) return kTakeKernelPath;
  return through(thread, context->rdi, &File::writable,
                 [&](File* file) { return begin_gathered<HostCall::write>(thread, file, parts, 0); });
}

long fast_sendmsg(Thread* thread, ProgramContext* context) {
  struct Header {  // struct msghdr
    std::uint64_t name, name_size, vectors, vector_count, control, control_size, flags;
  } header;
  if ((context->rdx & ~kSimpleMessageFlags) != 0) return kTakeKernelPath;
  Parts parts;
  if (!copy_from_program(&header, context->rsi, sizeof header) || header.name != 0 || header.control_size != 0 ||
      !load(parts, header.vectors, header.vector_count))
    return kTakeKernelPath;
  return through(thread, context->rdi, &File::writable, [&](File* file) {
    if (file->kind != FileKind::host_socket) return kTakeKernelPath;
    return begin_gathered<HostCall::sendto>(thread, file, parts, context->rdx | kNoSignal);
  });
}
}  // namespace cloister::core
