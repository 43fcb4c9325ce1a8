// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/core/doorbell.h"
#include <asm/errno.h>
#include <linux/futex.h>
#include "src/enclave/core/clock.h"
#include "src/enclave/core/futex.h"
#include "src/enclave/core/interrupt.h"

namespace cloister::core {
namespace {
constexpr std::uint64_t kNanosecondsPerSecond = 1'000'000'000;
}

std::uint64_t read_doorbell(Thread* thread) {
  return load_host_word(thread->host_block + offsetof(HostBlock, doorbell))
      .unverified_because("only compared, by the host");
}

long sleep_on_doorbell(Thread* thread, std::uint64_t word, std::uint64_t deadline, Sleep kind) {
  const HostAddress block = thread->host_block;
  HostAddress time_out;
  if (deadline != kNoDeadline) {
    const std::uint64_t now = monotonic_now();
    if (now >= deadline) return -ETIMEDOUT;
    time_out = block + offsetof(HostBlock, time_out);
    store_host_word(time_out, (deadline - now) / kNanosecondsPerSecond);
    store_host_word(time_out + 8, (deadline - now) % kNanosecondsPerSecond);
  }
  const HostAddress bell = block + offsetof(HostBlock, doorbell);
  const std::uint64_t op = FUTEX_WAIT | FUTEX_PRIVATE_FLAG;
  if (kind == Sleep::interruptible) {
    const long result = interruptible_host_call(HostCall::futex, bell, op, word & 0xffff'ffff, time_out);
    return result == -EINTR ? -EINTR : 0;
  }
  host_call(HostCall::futex, bell, op, word & 0xffff'ffff, time_out);
  fetch_host_signals(thread);
  return 0;
}

void ring_doorbell(Thread* thread) {
  const HostAddress bell = thread->host_block + offsetof(HostBlock, doorbell);
  store_host_word(bell, __atomic_add_fetch(&thread->doorbell_count, 1, __ATOMIC_RELAXED));
  host_call(HostCall::futex, bell, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1);
}
}  // namespace cloister::core
