// SPDX-License-Identifier: Apache-2.0
// Futexes inside the enclave: wait queues keyed by address; only sleeping and waking leave it. Trusted, freestanding.
// The host may wake early, late or never; who was really woken is decided here (rule I-13).
#pragma once
#include <cstdint>

namespace cloister::core {
inline constexpr std::uint64_t kNoDeadline = ~0ULL;

// Waits until woken, until CLOCK_MONOTONIC reaches `deadline` (ns), or until the thread has work. `bitset` as in
// FUTEX_WAIT_BITSET. 0, -EAGAIN (other value), -ETIMEDOUT, -EINTR, -EFAULT. `program`: the word lies in program memory.
enum class FutexWord : std::uint8_t { program, runtime };
long futex_wait(std::uint64_t address, std::uint32_t expected, std::uint32_t bitset, std::uint64_t deadline,
                FutexWord word);
// How many were woken.
long futex_wake(std::uint64_t address, std::uint32_t count, std::uint32_t bitset);
// Wakes `wake` waiters and moves up to `requeue` others to `target`; returns the sum. If `compare`, *address must equal
// `expected` (-EAGAIN otherwise).
long futex_requeue(std::uint64_t address, std::uint32_t wake, std::uint32_t requeue, std::uint64_t target, bool compare,
                   std::uint32_t expected);
}  // namespace cloister::core
