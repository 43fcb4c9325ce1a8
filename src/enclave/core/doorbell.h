// SPDX-License-Identifier: Apache-2.0
// Sleeping and waking of enclave threads: a thread sleeps on the doorbell word of its own host block. Trusted,
// freestanding.
//
//   sleeper: word = read_doorbell(); if (condition) return; sleep_on_doorbell(word, deadline)
//   waker:   condition = true; ring_doorbell(thread)
#pragma once
#include <cstdint>
#include "src/enclave/core/thread.h"

namespace cloister::core {
std::uint64_t read_doorbell(Thread* thread);
// 0 (look at the condition again), -ETIMEDOUT (our own clock says so) or -EINTR (the thread has work).
// Deaf sleepers (`kUninterruptible`) stay until the condition holds: the runtime's own locks.
enum class Sleep : std::uint8_t { interruptible, uninterruptible };
long sleep_on_doorbell(Thread* thread, std::uint64_t word, std::uint64_t deadline, Sleep kind);
void ring_doorbell(Thread* thread);
}  // namespace cloister::core
