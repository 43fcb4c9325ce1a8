// SPDX-License-Identifier: Apache-2.0
// Signal dispositions and pending signals: data that Process and Task own. Linux's numbers and layouts. Trusted.
#pragma once
#include <signal.h>
#include <cstdint>
#include <list>
#include <mutex>

namespace cloister::kernel {
using SignalSet = std::uint64_t;  // bit n-1: signal n
inline constexpr SignalSet signal_bit(int signal) { return 1ULL << (signal - 1); }

// struct sigaction of the kernel ABI.
struct SignalAction {
  std::uint64_t handler = 0;  // SIG_DFL 0, SIG_IGN 1
  std::uint64_t flags = 0;
  std::uint64_t restorer = 0;
  SignalSet mask = 0;
};

struct PendingSignals {
  SignalSet set = 0;
  std::list<siginfo_t> queue;  // in order of arrival; at most one of each standard signal
};

struct AlternateStack {
  std::uint64_t address = 0, size = 0;
  int flags = 2;  // SS_DISABLE
};
}  // namespace cloister::kernel
