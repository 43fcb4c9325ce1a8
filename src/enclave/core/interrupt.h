// SPDX-License-Identifier: Apache-2.0
// Blocking host calls that can be interrupted without a race. Trusted, freestanding.
//
// The order that makes it safe: forget an old kick, look at the trusted work mask, leave. Whoever wants to interrupt
// marks the trusted work first and kicks then; the host's handler sets `kicked` before the call blocks, or the kernel
// returns EINTR. A false EINTR of the host is only a retry (I-13).
#pragma once
#include "src/enclave/core/host_call.h"
#include "src/enclave/core/task.h"

namespace cloister::core {
// Like host_call, for calls that may block: -EINTR only when this thread has work to do (a signal, exit).
long interruptible_host_call(HostCall call, HostArgument a0 = {}, HostArgument a1 = {}, HostArgument a2 = {},
                             HostArgument a3 = {}, HostArgument a4 = {}, HostArgument a5 = {});
// The same for opening_host_call.
long interruptible_opening_host_call(HostAddress path, HostAddress how, std::uint64_t how_size, HostAddress status,
                                     HostAddress first_bytes, OpeningAnswer* answer);
// Signals that the host's handler noted: hints, judged by the kernel storey's list.
inline std::uint64_t noted_signals(Thread* thread) {
  return load_host_word(thread->host_block + offsetof(HostBlock, signals)).unverified_because("any set of bits is one");
}
// The steps before a call that may block; false when the thread has work to do first.
inline bool may_leave_interruptibly(Thread* thread);
// Moves what the host signalled since the last time into Thread::work; returns the new bits of the signal set.
std::uint64_t fetch_host_signals(Thread* thread);
// Marks `work` for another thread and gets it out of a blocking call or out of the program.
void interrupt_thread(Thread* thread, std::uint64_t work);
// Has the thread leave the enclave or a blocking call once, and go on with that: it has sends waiting, or unsettled.
void kick_thread(const Thread* thread);

inline bool may_leave_interruptibly(Thread* thread) {
  store_host_word(thread->host_block + offsetof(HostBlock, kicked), 0);
  // A signal that the host's handler noted before that store has left its bit.
  if (noted_signals(thread) != 0) [[unlikely]]
    fetch_host_signals(thread);
  return (__atomic_load_n(&thread->work, __ATOMIC_ACQUIRE) & ~kPatientWork) == 0;
}
}  // namespace cloister::core
