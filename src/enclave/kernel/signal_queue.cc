// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/kernel/signal_queue.h"

namespace cloister::kernel {

DefaultAction default_action(int signal) {
  switch (signal) {
    case SIGCHLD:
    case SIGURG:
    case SIGWINCH: return DefaultAction::ignore;
    case SIGCONT: return DefaultAction::resume;
    case SIGSTOP:
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU: return DefaultAction::stop;
    case SIGQUIT:
    case SIGILL:
    case SIGTRAP:
    case SIGABRT:
    case SIGFPE:
    case SIGSEGV:
    case SIGBUS:
    case SIGSYS:
    case SIGXCPU:
    case SIGXFSZ: return DefaultAction::dump_core;
    default: return DefaultAction::terminate;
  }
}

bool is_ignored(const SignalAction& action, int signal) {
  if (action.handler == kIgnoreHandler) return true;
  if (action.handler != kDefaultHandler) return false;
  const DefaultAction what = default_action(signal);
  return what == DefaultAction::ignore || what == DefaultAction::resume;
}

bool enqueue_signal(PendingSignals& pending, const siginfo_t& info, Repeat repeat) {
  const SignalSet bit = signal_bit(info.si_signo);
  if (repeat == Repeat::merge && info.si_signo < kFirstRealTimeSignal && (pending.set & bit) != 0) return false;
  pending.queue.push_back(info);
  pending.set |= bit;
  return true;
}

bool dequeue_signal(PendingSignals& pending, SignalSet allowed, siginfo_t* info) {
  const SignalSet ready = pending.set & allowed;
  if (ready == 0) return false;
  const SignalSet first = (ready & kFaultSignals) != 0 ? ready & kFaultSignals : ready;
  const int signal = __builtin_ctzll(first) + 1;
  auto found = pending.queue.end();
  bool more = false;
  for (auto entry = pending.queue.begin(); entry != pending.queue.end(); ++entry) {
    if (entry->si_signo != signal) continue;
    if (found != pending.queue.end())
      more = true;
    else
      found = entry;
  }
  *info = *found;
  pending.queue.erase(found);
  if (!more) pending.set &= ~signal_bit(signal);
  return true;
}

void discard_signals(PendingSignals& pending, SignalSet signals) {
  if ((pending.set & signals) == 0) return;
  pending.queue.remove_if([signals](const siginfo_t& info) { return (signal_bit(info.si_signo) & signals) != 0; });
  pending.set &= ~signals;
}
}  // namespace cloister::kernel
