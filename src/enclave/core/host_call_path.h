// SPDX-License-Identifier: Apache-2.0
// The two ends of a host call: its request into the host block, its answer out of it. Trusted, freestanding. What
// judges answers is host_call.h; transfers (transfer.h) leave the enclave between these two without a C++ frame.
#pragma once
#include "src/enclave/core/interrupt.h"

// Leaves with the request that lies in the host block, and comes back with the host's answer there.
extern "C" void host_call_transfer();

namespace cloister::core {

// What the host does before the request `number`: makes the sends that wait (write_behind.h), closes the descriptor
// that waits for an exit to be closed in (Thread::closing).
inline std::uint64_t flags_before(const Thread* thread, std::uint64_t number) {
  return (thread->queued_sends != 0 ? kFirstSend : 0) |
         (thread->closing != 0 && (number & kInterruptible) != 0 ? kFirstClose : 0);
}
// The request `number` with that.
std::uint64_t with_earlier_requests(Thread* thread, std::uint64_t number);
// What the host answered to the sends.
void settle_sends(Thread* thread);

// As many arguments as the call has; the others stay those of an earlier request.
template <std::size_t kCount>
[[gnu::always_inline]] inline void fill_request(Thread* thread, std::uint64_t number,
                                                const std::uint64_t (&arguments)[kCount]) {
  const HostAddress block = thread->host_block;
  if ((thread->closing | thread->queued_sends) != 0) [[unlikely]]
    number = with_earlier_requests(thread, number);
  store_host_word(block + offsetof(HostBlock, number), number);
#pragma GCC unroll 6  // no loop: its address inside would be computed from the host's (copy_to_host says why not)
  for (std::size_t i = 0; i < kCount; ++i) store_host_word(block + offsetof(HostBlock, args) + 8 * i, arguments[i]);
  ++thread->host_call_count;
}

// The host's answer as it lies in the block, not yet judged.
[[gnu::always_inline]] inline std::uint64_t take_answer(Thread* thread) {
  const std::uint64_t answer = load_host_word(thread->host_block + offsetof(HostBlock, result))
                                   .unverified_because("every caller passes it to judge_answer");
  if (thread->queued_sends != 0) [[unlikely]]
    settle_sends(thread);
  // What the host's handler noted while this thread was outside; a program that makes no further calls must see it,
  // too.
  if (noted_signals(thread) != 0) [[unlikely]]
    fetch_host_signals(thread);
  return answer;
}

// What the host answered, as the caller may see it; does not return when an honest host cannot have answered so.
long judge_answer(HostCall call, std::uint64_t bound, std::uint64_t answer);
}  // namespace cloister::core
