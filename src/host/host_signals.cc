// SPDX-License-Identifier: Apache-2.0
// Signal handlers of the host part. A handler never decides what a signal means: it notes it in the host block, ends a
// blocking call, and sees to it that the enclave looks. What the enclave then believes is its own business.
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cstring>
#include "src/host/device/sim_exit.h"
#include "src/host/device/sim_state.h"
#include "src/host/host_service.h"
#include "src/host/host_thread.h"
#include "src/host/raw_syscall.h"

extern "C" {
extern const char host_call_window_begin[], host_call_window_end[], host_call_interrupted[];
extern const char host_aep_resume[], host_aep_end[];
extern const char sim_eresume[], sim_resume_commit[], sim_transitions_end[];
void host_signal_entry();
void host_signal_restorer();
}

namespace cloister::host {
namespace {
struct KernelSigaction {
  void (*handler)();
  std::uint64_t flags;
  void (*restorer)();
  std::uint64_t mask;
};
constexpr std::uint64_t kSaRestorer = 0x04000000;

std::uint64_t value(const char* label) { return reinterpret_cast<std::uint64_t>(label); }
bool is_within(std::uint64_t rip, const char* begin, const char* end) {
  return rip >= value(begin) && rip < value(end);
}
bool is_fault(int signal) {
  return signal == SIGSEGV || signal == SIGBUS || signal == SIGILL || signal == SIGFPE || signal == SIGTRAP ||
         signal == SIGSYS;
}

void set_rip(ucontext_t* context, const char* label) {
  context->uc_mcontext.gregs[REG_RIP] = static_cast<greg_t>(value(label));
}

// In the host's own code: a blocking call that has not begun is turned back, a resume that has not happened is
// repeated.
std::uint64_t in_host_code(ucontext_t* context, std::uint64_t fs, HostThread* thread) {
  const auto rip = static_cast<std::uint64_t>(context->uc_mcontext.gregs[REG_RIP]);
  if (is_within(rip, host_call_window_begin, host_call_window_end)) {
    // At the end label the call has returned; before it, nothing has happened yet or it will return EINTR by itself.
    set_rip(context, host_call_interrupted);
    return fs;
  }
  SimTcs* const tcs = current_sim_tcs();
  if (tcs != nullptr && is_within(rip, sim_eresume, sim_transitions_end)) {
    if (rip > value(sim_resume_commit)) ++tcs->cssa;
    tcs->busy = 0;
    thread->deferred = 1;
    set_rip(context, host_aep_resume);
    context->uc_mcontext.gregs[REG_RSP] = static_cast<greg_t>(tcs->host_rsp);
    context->uc_mcontext.gregs[REG_R12] = static_cast<greg_t>(reinterpret_cast<std::uint64_t>(thread));
    return thread->host_fs;
  }
  if (is_within(rip, host_aep_resume, host_aep_end)) {
    thread->deferred = 1;
    set_rip(context, host_aep_resume);
    context->uc_mcontext.gregs[REG_R12] = static_cast<greg_t>(reinterpret_cast<std::uint64_t>(thread));
  }
  return fs;
}

// Whether what waits in the block has done so since the last tick.
bool is_waiting_long(HostThread* thread) {
  const HostBlock& block = *thread->block;
  const std::uint64_t last = thread->ticked_batch;
  thread->ticked_batch = block.send_batch;
  return block.send_count != 0 && block.send_batch == last;
}

// There is no SSA frame left to tell the enclave, which runs into the same fault again.
void note_nested_fault(const siginfo_t& info, const ucontext_t& context, HostThread* thread) {
  constexpr std::uint64_t kMost = 16;
  const auto rip = static_cast<std::uint64_t>(context.uc_mcontext.gregs[REG_RIP]);
  thread->nested_faults = rip == thread->faulting_rip ? thread->nested_faults + 1 : 1;
  thread->faulting_rip = rip;
  if (thread->nested_faults > kMost) end_at_fault_in_exception(reinterpret_cast<std::uint64_t>(info.si_addr));
}

void die_by(int signal) {
  KernelSigaction action{nullptr, 0, nullptr, 0};
  raw_syscall(SYS_rt_sigaction, static_cast<std::uint64_t>(signal), reinterpret_cast<std::uint64_t>(&action), 0, 8);
}
}  // namespace

// Returns the FS base to continue with.
extern "C" std::uint64_t host_signal(int signal, siginfo_t* info, ucontext_t* context, std::uint64_t fs,
                                     HostThread* thread) {
  if (enter_leaf(*info, context)) return fs;
  const bool sent = info->si_code <= 0;
  const bool leaf = is_fault(signal) && !sent && leave_leaf(current_sim_tcs(), context);
  const bool enclave = leaf || is_enclave_context(*context) || is_fetch_outside(*info, *context, current_sim_tcs());
  if (!enclave && is_fault(signal) && !sent) {  // our own mistake: die of it
    die_by(signal);
    return fs;
  }
  const bool tick = signal == kTickSignal && info->si_code == SI_TIMER;
  const bool wakes = !tick || is_waiting_long(thread);
  if (!(is_fault(signal) && !sent) && wakes) {
    HostBlock* const block = thread->block;
    if (signal != kKickSignal && !tick) __atomic_fetch_or(&block->signals, 1ULL << (signal - 1), __ATOMIC_RELAXED);
    __atomic_store_n(&block->kicked, 1, __ATOMIC_RELEASE);
  }
  if (!enclave) return in_host_code(context, fs, thread);
  SimTcs* const tcs = current_sim_tcs();
  const bool nested = tcs->cssa != 0;
  if (nested && is_fault(signal) && !sent) note_nested_fault(*info, *context, thread);
  if (!nested) thread->nested_faults = 0;
  asynchronous_exit(tcs, *info, context, fs);
  std::memset(info, 0, sizeof *info);
  if (wakes) (nested ? thread->deferred : thread->exception) = 1;
  if (nested) thread->nested = 1;
  return thread->host_fs;
}

void install_signal_handlers() {
  KernelSigaction action{host_signal_entry, kSaRestorer | SA_SIGINFO | SA_ONSTACK, host_signal_restorer, ~0ULL};
  for (int signal = 1; signal <= 64; ++signal) {
    if (signal == SIGKILL || signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU) continue;
    if (signal == 32 || signal == 33) continue;  // the C library's own, used by no thread of ours
    if (signal == SIGPIPE || signal == SIGCHLD || signal == SIGURG) {
      KernelSigaction ignore{reinterpret_cast<void (*)()>(1), kSaRestorer, host_signal_restorer, 0};
      raw_syscall(SYS_rt_sigaction, static_cast<std::uint64_t>(signal), reinterpret_cast<std::uint64_t>(&ignore), 0, 8);
      continue;
    }
    raw_syscall(SYS_rt_sigaction, static_cast<std::uint64_t>(signal), reinterpret_cast<std::uint64_t>(&action), 0, 8);
  }
}
}  // namespace cloister::host
