// SPDX-License-Identifier: Apache-2.0
// A host part that makes entries which no state allows, between the ones that it owes: concurrent, out of order,
// nested, with garbage in the registers. The product's host part with the interposition points of host_stub.S
// (CLOISTER_ENTERING_HOST). $CLOISTER_ENTRY_SEED begins the choices; the file $CLOISTER_ENTRY_LOG gets the counts.
//
// Requests that may be interrupted are sometimes answered EINTR without being made: a return from a host call before
// there is an answer. A TCS that a thread is in leaves that state whenever the enclave likes, and an entry would then
// be an answer to that thread's call; so a thread that is outside offers its TCS, marked as busy, to the others for a
// while.
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>
#include <atomic>
#include <cstdlib>
#include "abi/enclave_layout.h"
#include "src/boundary/entry_refused.h"
#include "src/boundary/host_call_table.h"
#include "src/host/device/sim_state.h"
#include "src/host/host_thread.h"
#include "src/host/raw_syscall.h"

extern "C" {
std::uint32_t enter_anyhow(cloister::host::HostThread*, std::uint64_t tcs, std::uint32_t leaf,
                           const std::uint64_t garbage[12]);
[[noreturn]] void host_entry_refused(std::uint32_t code);
std::uint64_t host_signal(int, siginfo_t*, ucontext_t*, std::uint64_t, cloister::host::HostThread*);
extern const char sim_general_protection[];
}

namespace cloister::adversary {
namespace {
using host::HostThread;
using host::SimTcs;
constexpr std::uint32_t kEenter = 2, kEresume = 3, kFaulted = 2;

// What is counted, in the order of the log (entries.py).
enum Event {
  kOwnResume,
  kBusyTcs,
  kNoTcs,
  kSecondFrame,
  kThirdFrame,
  kUnstarted,
  kEarlyReturn,
  kFaults,
  kRefusals,
  kAccepted,
  kEvents
};
std::atomic<std::uint64_t> unshared[kEvents];
std::atomic<std::uint64_t>* counts = unshared;  // memory of the log, so that every end of the process leaves them there
std::atomic<std::uint64_t> state{1};

__attribute__((constructor)) void prepare() {
  if (const char* seed = std::getenv("CLOISTER_ENTRY_SEED"); seed != nullptr)
    state = std::strtoull(seed, nullptr, 10) * 2 + 1;
  const char* const path = std::getenv("CLOISTER_ENTRY_LOG");
  const int file = path == nullptr ? -1 : open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0 || ftruncate(file, sizeof unshared) != 0) return;
  void* const memory = mmap(nullptr, sizeof unshared, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (memory != MAP_FAILED) counts = static_cast<std::atomic<std::uint64_t>*>(memory);
}

// One sequence for all threads; how they share it depends on their timing.
std::uint64_t choose(std::uint64_t limit) {
  std::uint64_t value = state.fetch_add(0x9e3779b97f4a7c15, std::memory_order_relaxed);
  value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
  value = (value ^ value >> 27) * 0x94d049bb133111eb;
  return (value ^ value >> 31) % limit;
}

void attempt(HostThread* thread, Event event, std::uint64_t tcs, std::uint32_t leaf) {
  std::uint64_t garbage[12];
  for (std::uint64_t& word : garbage) word = choose(3) == 0 ? choose(1 << 20) : choose(~0ull);
  garbage[11] = 0x202 | (choose(2) << 10) | (choose(~0ull) & 0x8d5);  // DF and the arithmetic flags
  ++counts[event];
  // A signal in the middle of a resume would have the host part repeat it; in another thread's TCS, go on with its own.
  const bool is_deaf = leaf == kEresume || tcs != thread->tcs;
  const std::uint64_t all_but_faults = ~(1ull << (SIGSEGV - 1)), none = 0;
  if (is_deaf)
    host::raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, reinterpret_cast<std::uint64_t>(&all_but_faults), 0, 8);
  const std::uint32_t back = enter_anyhow(thread, tcs, leaf, garbage);
  if (is_deaf) host::raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, reinterpret_cast<std::uint64_t>(&none), 0, 8);
  if (event == kSecondFrame) thread->nested = 0;  // it has come back, whatever interrupted it
  if (back == ENTRY_AFTER_STOP) host_entry_refused(back);
  ++counts[back == kFaulted ? kFaults : back == ENTRY_REFUSED ? kRefusals : kAccepted];
  if (back != ENTRY_REFUSED) return;
  for (std::uint64_t n = choose(20); n > 0; --n)
    if (enter_anyhow(thread, tcs, leaf, garbage) != ENTRY_AFTER_STOP) abort();
  host_entry_refused(back);
}

SimTcs* shadow_of(std::uint64_t tcs) {
  return reinterpret_cast<SimTcs*>(host::sim_epcm[tcs / layout::kPageSize] & ~std::uint64_t{host::kEpcmFlags});
}

// The TCS on offer, 0 for none, and how many threads are at it.
std::atomic<std::uint64_t> offered{0}, visitors{0};

void visit_offered(HostThread* thread) {
  ++visitors;
  if (const std::uint64_t tcs = offered.load(); tcs != 0)
    attempt(thread, kBusyTcs, tcs, choose(2) == 0 ? kEenter : kEresume);
  --visitors;
}

void offer_own(HostThread* thread) {
  static std::atomic_flag in_use;
  if (in_use.test_and_set()) return visit_offered(thread);
  std::atomic_ref busy(shadow_of(thread->tcs)->busy);
  busy = 1;
  offered = thread->tcs;
  for (std::uint64_t n = 1 + choose(3); n > 0; --n)
    attempt(thread, kBusyTcs, thread->tcs, choose(2) == 0 ? kEenter : kEresume);
  offered = 0;
  while (visitors != 0) asm volatile("pause");
  busy = 0;
  in_use.clear();
}

// Between host calls: what is refused whoever asks.
void try_some(HostThread* thread) {
  switch (choose(4)) {
    case 0: attempt(thread, kOwnResume, thread->tcs, kEresume); break;
    case 1: choose(2) == 0 ? offer_own(thread) : visit_offered(thread); break;
    case 2:
      attempt(thread, kNoTcs,
              layout::kImageBase + choose(900) * layout::kPageSize + (choose(9) == 0 ? layout::kElrangeSize : 0),
              kEresume);
      break;
    default: break;
  }
}
}  // namespace

// A request has come: whether to answer EINTR and not to make it.
extern "C" std::uint64_t host_request_interrupted(HostThread* thread) {
  const HostBlock& block = *thread->block;
  if (block.number == static_cast<std::uint64_t>(HostService::start_thread) && choose(40) == 0)
    attempt(thread, kUnstarted, block.args[0], kEenter);
  if ((block.number & kInterruptible) == 0 || choose(20) != 0) return 0;
  ++counts[kEarlyReturn];
  return 1;
}

// The answer stands in the block.
extern "C" void host_before_entry(HostThread* thread) {
  for (std::uint64_t n = choose(3); n > 0; --n) try_some(thread);
}

// After an asynchronous exit, before the exception entry or the resume that is due.
extern "C" void host_after_exit(HostThread* thread) {
  const SimTcs* const tcs = shadow_of(thread->tcs);
  for (std::uint64_t n = choose(4); n > 0; --n) {
    if (tcs->cssa == 1)
      attempt(thread, kSecondFrame, thread->tcs, kEenter);
    else if (tcs->cssa > 1)
      attempt(thread, kThirdFrame, thread->tcs, kEenter);
    else
      break;
  }
}

// A leaf that refuses raises #GP: back to where the entry would have come back to.
extern "C" std::uint64_t entering_host_signal(int signal, siginfo_t* info, ucontext_t* context, std::uint64_t fs,
                                              HostThread* thread) {
  greg_t* const g = context->uc_mcontext.gregs;
  if (signal != SIGSEGV || info->si_code <= 0 || g[REG_RIP] != reinterpret_cast<greg_t>(sim_general_protection))
    return host_signal(signal, info, context, fs, thread);
  g[REG_RIP] = *reinterpret_cast<const greg_t*>(g[REG_RSP]);
  g[REG_RSP] += 8;
  g[REG_RDX] = kFaulted;
  return fs;
}
}  // namespace cloister::adversary
