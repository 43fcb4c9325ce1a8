// SPDX-License-Identifier: Apache-2.0
// The one loop in which in-enclave files wait. Trusted, kernel storey.
#pragma once
#include <cerrno>
#include "src/enclave/core/task.h"
#include "src/enclave/kernel/wait_queue.h"
#include "src/enclave/vfs/open_file.h"

namespace cloister::ipc {

enum class Blocking { allowed, forbidden };

// Calls `attempt()`, a Result<T> that takes and gives back the object's lock by itself, until it gives something else
// than EAGAIN. Sleeps on `queue` in between unless the file or the call does not block. `deadline()` says until when a
// sleep lasts at most; past it the attempt is made again. An interruption is a restart.
template <typename Attempt, typename Deadline>
auto wait_until(kernel::WaitQueue& queue, Blocking blocking, Attempt attempt, Deadline deadline)
    -> decltype(attempt()) {
  const auto is_blocked = [](const decltype(attempt())& result) {
    return !result.ok() && result.error().errno_value() == EAGAIN;
  };
  auto first = attempt();
  if (!is_blocked(first) || blocking == Blocking::forbidden) return first;
  kernel::Sleeper sleeper;
  const kernel::QueueWaiter waiter(queue, sleeper);
  for (;;) {
    auto result = attempt();
    if (!is_blocked(result)) return result;
    const auto slept = sleeper.sleep(deadline());
    if (!slept.ok() && slept.error().errno_value() == EINTR)
      return Error::from_errno(static_cast<int>(-core::kRestartSys));
  }
}

template <typename Attempt>
auto wait_until(kernel::WaitQueue& queue, Blocking blocking, Attempt attempt) -> decltype(attempt()) {
  return wait_until(queue, blocking, attempt, [] { return kernel::kNoDeadline; });
}

// The same with a time-out of the socket (SO_RCVTIMEO): past `give_up_at` the last attempt's EAGAIN is the result, and
// an interruption is EINTR, as Linux has it. kNoDeadline: no time-out.
template <typename Attempt>
auto wait_or_give_up(kernel::WaitQueue& queue, Blocking blocking, std::uint64_t give_up_at, Attempt attempt)
    -> decltype(attempt()) {
  if (give_up_at == kernel::kNoDeadline || blocking == Blocking::forbidden) return wait_until(queue, blocking, attempt);
  kernel::Sleeper sleeper;
  const kernel::QueueWaiter waiter(queue, sleeper);
  for (;;) {
    auto result = attempt();
    if (result.ok() || result.error().errno_value() != EAGAIN) return result;
    const auto slept = sleeper.sleep(give_up_at);
    if (slept.ok()) continue;
    return slept.error().errno_value() == ETIMEDOUT ? attempt() : decltype(attempt())(slept.error());
  }
}

inline Blocking blocking_of(const vfs::OpenFile& file) {
  return file.is_nonblocking() ? Blocking::forbidden : Blocking::allowed;
}
}  // namespace cloister::ipc
