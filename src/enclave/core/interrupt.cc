// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/core/interrupt.h"
#include <asm/errno.h>
#include "src/enclave/core/cpu.h"
#include "src/enclave/core/write_behind.h"

namespace cloister::core {

std::uint64_t fetch_host_signals(Thread* thread) {
  const HostAddress address = thread->host_block + offsetof(HostBlock, signals);
  const std::uint64_t bits = noted_signals(thread);
  if (bits != 0) {
    // The handler runs on this very host thread, so nothing is lost between the load and the atomic clearing of those
    // bits.
    __atomic_fetch_and(reinterpret_cast<std::uint64_t*>(address.word()), ~bits, __ATOMIC_RELAXED);
    __atomic_fetch_or(&thread->host_signals, bits, __ATOMIC_RELAXED);
    __atomic_fetch_or(&thread->work, static_cast<std::uint64_t>(kWorkHostSignal), __ATOMIC_RELAXED);
    if (thread->task != nullptr) thread->task->opened.file = nullptr;  // it may tell that the file has changed
  }
  return bits;
}

namespace {
// Calls whose purpose is to wait; the time in them is no CPU time of the task.
bool waits(HostCall call) {
  return call == HostCall::futex || call == HostCall::epoll_wait || call == HostCall::epoll_pwait2 ||
         call == HostCall::poll || call == HostCall::accept4 || call == HostCall::connect;
}
// Whether a kick that is about sends only leaves no trace: the call is made again. Others may give a part, or end early
// because of a time-out of their own.
bool goes_on_after_kick(HostCall call) {
  return call == HostCall::futex || call == HostCall::epoll_wait || call == HostCall::epoll_pwait2 ||
         call == HostCall::poll;
}
void begin_sleep(Thread* thread) { thread->sleeping_since = rough_tsc(); }
void end_sleep(Thread* thread) {
  const std::uint64_t now = rough_tsc(), since = thread->sleeping_since;
  if (now > since) __atomic_store_n(&thread->slept_ticks, thread->slept_ticks + (now - since), __ATOMIC_RELAXED);
  thread->sleeping_since = 0;
}

// A false EINTR of the host is asked again (I-13).
template <typename Call>
long until_done_or_work(Thread* thread, Call call) {
  for (;;) {
    if (!may_leave_interruptibly(thread)) return -EINTR;
    const long result = call();
    if (result != -EINTR) return result;
  }
}
}  // namespace

long interruptible_host_call(HostCall call, HostArgument a0, HostArgument a1, HostArgument a2, HostArgument a3,
                             HostArgument a4, HostArgument a5) {
  Thread* thread = current_thread();
  if (!goes_on_after_kick(call)) flush_sends(thread);
  return until_done_or_work(thread, [&] {
    if (waits(call)) begin_sleep(thread);
    const long result = blocking_host_call(call, a0, a1, a2, a3, a4, a5);
    if (waits(call)) end_sleep(thread);
    return result;
  });
}

long interruptible_opening_host_call(HostAddress path, HostAddress how, std::uint64_t how_size, HostAddress status,
                                     HostAddress first_bytes, OpeningAnswer* answer) {
  return until_done_or_work(current_thread(),
                            [&] { return opening_host_call(path, how, how_size, status, first_bytes, answer); });
}

void interrupt_thread(Thread* thread, std::uint64_t work) {
  __atomic_fetch_or(&thread->work, work, __ATOMIC_RELEASE);
  if (thread != current_thread()) kick_thread(thread);
}

void kick_thread(const Thread* thread) {
  host_call(HostCall::tgkill, thread->host_pid, thread->host_tid, static_cast<std::uint64_t>(kKickSignal));
}
}  // namespace cloister::core
