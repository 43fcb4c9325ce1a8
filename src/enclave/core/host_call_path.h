// SPDX-License-Identifier: Apache-2.0
// The short way of a host call whose row is known where it is made: no table is read, and between the handler and the
// exit lies no frame, since the processor's return predictions rarely survive the host kernel. Trusted, freestanding;
// for the hot data calls. Everything else goes through host_call.h.
#pragma once
#include <asm/errno.h>
#include "src/boundary/rules.h"
#include "src/enclave/core/interrupt.h"

extern "C" void host_call_transfer();

namespace cloister::core {

// Leaves with a request and comes back: the host's answer as it lies in the block, not yet judged.
[[gnu::always_inline]] inline std::uint64_t exchange_with_host(Thread* thread, std::uint64_t number,
                                                               const std::uint64_t (&arguments)[6]) {
  const HostAddress block = thread->host_block;
  store_host_word(block + offsetof(HostBlock, number), number);
#pragma GCC unroll 6  // no loop: its address inside would be computed from the host's (copy_to_host says why not)
  for (std::size_t i = 0; i < 6; ++i) store_host_word(block + offsetof(HostBlock, args) + 8 * i, arguments[i]);
  ++thread->host_call_count;
  host_call_transfer();
  const std::uint64_t answer =
      load_host_word(block + offsetof(HostBlock, result)).unverified_because("every caller passes it to judge_answer");
  // What the host's handler noted while this thread was outside; a program that makes no further calls must see it,
  // too.
  if (noted_signals(thread) != 0) [[unlikely]]
    fetch_host_signals(thread);
  return answer;
}

// What the host answered, as the caller may see it; does not return when an honest host cannot have answered so.
long judge_answer(HostCall call, std::uint64_t bound, std::uint64_t answer);

// interruptible_host_call for a row whose success is a count of at most `size`.
// Host may: answer more than `size` or an error outside the row's class (both stop the enclave), EINTR at will (asked
// again). E-12: a count that is not allowed is 0 also for what runs ahead of the check.
template <HostCall kCall>
[[gnu::always_inline]] inline long interruptible_data_call(Thread* thread, std::uint64_t descriptor, HostAddress buffer,
                                                           std::uint64_t size, std::uint64_t flags) {
  constexpr HostCallRow row = row_of(kCall);
  static_assert(row.result == HostResult::count && row.bound == 2);
  for (;;) {
    if (!may_leave_interruptibly(thread)) return -EINTR;
    const std::uint64_t answer =
        exchange_with_host(thread, row.number | kInterruptible, {descriptor, buffer.word(), size, flags, 0, 0});
    std::uint64_t count = answer;
    asm("cmp %1, %0; cmova %2, %0" : "+r"(count) : "r"(size), "r"(std::uint64_t{0}) : "cc");
    if (!CLOISTER_KEEPS(S_9) && static_cast<long>(answer) >= 0) return static_cast<long>(answer);
    if (answer <= size) [[likely]]
      return static_cast<long>(count);
    const long error = judge_answer(kCall, size, answer);
    if (error != -EINTR) return error;
  }
}
}  // namespace cloister::core
