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
long interruptible_host_call(HostCall call, std::uint64_t a0 = 0, std::uint64_t a1 = 0, std::uint64_t a2 = 0,
                             std::uint64_t a3 = 0, std::uint64_t a4 = 0, std::uint64_t a5 = 0);
// Moves what the host signalled since the last time into Thread::work; returns the new bits of the signal set.
std::uint64_t fetch_host_signals(Thread* thread);
// Marks `work` for another thread and gets it out of a blocking call or out of the program.
void interrupt_thread(Thread* thread, std::uint64_t work);
}  // namespace cloister::core
