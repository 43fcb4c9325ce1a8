// SPDX-License-Identifier: Apache-2.0
// poll(2) of one file of the host, as programs do before each transfer with a time-out.
#include <asm/errno.h>
#include "src/boundary/rules.h"
#include "src/enclave/core/clock.h"
#include "src/enclave/core/core_calls.h"
#include "src/enclave/core/futex.h"
#include "src/enclave/core/interrupt.h"
#include "src/enclave/core/program_access.h"
#include "src/enclave/core/task.h"

namespace cloister::core {
namespace {
constexpr std::uint64_t kNanosecondsPerMillisecond = 1'000'000;
constexpr std::uint32_t kErrorOrHangUp = 0x18;

struct PollDescriptor {
  std::int32_t descriptor;
  std::uint16_t events;
  std::uint16_t result;
};
static_assert(sizeof(PollDescriptor) == 8);

// 1 with *ready set, 0, or what the call returns.
// Host may: claim events that nobody asked for (stop), come back early (our clock decides), answer EINTR (retried).
long poll_host(Task* task, std::int32_t host_descriptor, std::uint16_t events, std::int32_t time_out,
               std::uint16_t* ready) {
  const std::uint64_t deadline =
      time_out > 0 ? monotonic_now() + static_cast<std::uint64_t>(time_out) * kNanosecondsPerMillisecond : kNoDeadline;
  std::uint64_t left = static_cast<std::uint64_t>(static_cast<std::int64_t>(time_out));
  for (;;) {
    store_host_word(bounce_buffer(), static_cast<std::uint32_t>(host_descriptor) | static_cast<std::uint64_t>(events)
                                                                                       << 32);
    const long result = interruptible_host_call(HostCall::poll, bounce_buffer(), 1, left);
    if (result == -EINTR) {  // the kernel storey knows how interrupted waits go on
      task->wait_deadline = time_out > 0 ? deadline : 0;
      return kTakeKernelPath;
    }
    if (result < 0) return result;
    if (result == 1) {
      *ready = static_cast<std::uint16_t>(load_host_word(bounce_buffer()).unverified_because("judged below") >> 48);
      if (CLOISTER_KEEPS(I_7) && (*ready == 0 || (*ready & ~(events | kErrorOrHangUp)) != 0))
        host_lied(HostCall::poll, "events that nobody asked for");
      return 1;
    }
    if (time_out == 0) return 0;
    if (time_out < 0) continue;
    const std::uint64_t now = monotonic_now();
    if (now >= deadline) return 0;
    left = (deadline - now + kNanosecondsPerMillisecond - 1) / kNanosecondsPerMillisecond;
  }
}
}  // namespace

long fast_poll(Thread* thread, ProgramContext* context) {
  if (context->rsi != 1) return kTakeKernelPath;
  Task* task = thread->task;
  PollDescriptor request;
  if (!copy_from_program(&request, context->rdi, sizeof request)) return -EFAULT;
  if (request.descriptor < 0) return kTakeKernelPath;
  File* file = acquire_file(task, static_cast<std::uint32_t>(request.descriptor));
  if (file == nullptr) return kTakeKernelPath;
  long result = kTakeKernelPath;
  if ((file->kind == FileKind::host_stream || file->kind == FileKind::host_socket) &&
      file->prefetched.load(std::memory_order_acquire) == nullptr) {
    request.result = 0;
    result = poll_host(task, file->host_descriptor, request.events, static_cast<std::int32_t>(context->rdx),
                       &request.result);
  }
  release_file(task);
  if (result >= 0 && !copy_to_program(context->rdi + offsetof(PollDescriptor, result), &request.result, 2))
    return -EFAULT;
  return result;
}
}  // namespace cloister::core
