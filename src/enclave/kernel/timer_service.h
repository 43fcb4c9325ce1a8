// SPDX-License-Identifier: Apache-2.0
// One thread of the runtime that sleeps until the nearest deadline; made when the first event is scheduled. It belongs
// to the enclave, the events to whoever holds them. Trusted, kernel storey.
#pragma once
#include <cstdint>
#include <memory>
#include "src/base/result.h"
#include "src/enclave/kernel/deadline_queue.h"

namespace cloister::kernel {
// `deadline` on CLOCK_MONOTONIC, ns; DeadlineQueue::kNever takes the event out. EAGAIN: the thread cannot be made.
Result<void> schedule(const std::shared_ptr<TimedEvent>& event, std::uint64_t deadline);
}  // namespace cloister::kernel
