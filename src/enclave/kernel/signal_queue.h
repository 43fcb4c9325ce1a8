// SPDX-License-Identifier: Apache-2.0
// What signals do when nobody handles them, and how they wait: pure data, no locks, no tasks. Trusted.
#pragma once
#include "src/enclave/kernel/signal_state.h"

namespace cloister::kernel {
inline constexpr int kLastSignal = 64;
inline constexpr int kFirstRealTimeSignal = 32;
inline constexpr SignalSet kUnblockableSignals = signal_bit(SIGKILL) | signal_bit(SIGSTOP);
inline constexpr SignalSet kStopSignals =
    signal_bit(SIGSTOP) | signal_bit(SIGTSTP) | signal_bit(SIGTTIN) | signal_bit(SIGTTOU);
// Caused by an instruction; delivered before others, and never taken from the host.
inline constexpr SignalSet kFaultSignals = signal_bit(SIGSEGV) | signal_bit(SIGBUS) | signal_bit(SIGILL) |
                                           signal_bit(SIGTRAP) | signal_bit(SIGFPE) | signal_bit(SIGSYS);

inline constexpr bool is_valid_signal(int signal) { return signal >= 1 && signal <= kLastSignal; }

enum class DefaultAction { terminate, dump_core, ignore, stop, resume };
DefaultAction default_action(int signal);

inline constexpr std::uint64_t kDefaultHandler = 0, kIgnoreHandler = 1;
// Does it vanish when it is sent and not blocked?
bool is_ignored(const SignalAction& action, int signal);

// Standard signals are pending once, real-time signals as often as they are sent. False when it was pending already.
// `always`: a timer's notification is queued beside a signal of the same number.
enum class Repeat { merge, always };
bool enqueue_signal(PendingSignals& pending, const siginfo_t& info, Repeat repeat = Repeat::merge);
// Takes out the next one of `allowed`: faults first, then by number, equal ones in order of arrival. False: none.
bool dequeue_signal(PendingSignals& pending, SignalSet allowed, siginfo_t* info);
void discard_signals(PendingSignals& pending, SignalSet signals);
}  // namespace cloister::kernel
