// SPDX-License-Identifier: Apache-2.0
// The host part's services: everything that the enclave asks for beyond one Linux call.
#include "src/host/host_service.h"
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <semaphore>
#include "src/boundary/entry_refused.h"
#include "src/host/host_thread.h"
#include "src/host/standard_error.h"

extern "C" void host_thread_enter(cloister::host::HostThread*, std::uint64_t, std::uint64_t);

namespace cloister::host {
namespace {
HostServices services;

std::uint8_t* bounce_of(HostThread* thread) {
  return reinterpret_cast<std::uint8_t*>(thread->block) + kHostBlockBounceOffset;
}

[[noreturn]] void leave_with(int status) {
  if (services.at_exit != nullptr) services.at_exit();
  syscall(SYS_exit_group, status);
  abort();
}

void print(bool is_trace, const std::uint8_t* text, std::size_t size) {
  if (is_trace && services.trace_descriptor != STDERR_FILENO)
    write_all(services.trace_descriptor, text, size);
  else
    write_standard_error(text, size);
}

[[noreturn]] void print_and_leave(HostThread* thread, std::uint64_t size, int status) {
  write_standard_error(bounce_of(thread), size < kBounceSize ? size : kBounceSize);
  leave_with(status);
}

// The process ends as the program would have: by the signal, so that the parent sees it.
[[noreturn]] void end_by_signal(int signal) {
  struct {
    void* handler = nullptr;
    std::uint64_t flags = 0, restorer = 0, mask = 0;
  } action;
  syscall(SYS_rt_sigaction, signal, &action, nullptr, 8);
  const std::uint64_t mask = 0;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, nullptr, 8);
  syscall(SYS_tgkill, getpid(), gettid(), signal);
  leave_with(128 + signal);
}

struct ThreadStart {
  std::uint64_t tcs;
  std::binary_semaphore started{0};
  int tid = 0;
};

void* thread_main(void* argument) {
  auto* start = static_cast<ThreadStart*>(argument);
  const std::uint64_t tcs = start->tcs;
  start->tid = gettid();
  start->started.release();
  run_host_thread(*services.device, tcs, {0, 0});
}

long start_thread(std::uint64_t tcs) {
  ThreadStart start{.tcs = tcs};
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, 128 << 10);
  // Until its signal stack stands, a new thread may take no signal.
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &old);
  pthread_t thread;
  const int error = pthread_create(&thread, &attributes, thread_main, &start);
  pthread_sigmask(SIG_SETMASK, &old, nullptr);
  pthread_attr_destroy(&attributes);
  if (error != 0) return -error;
  start.started.acquire();
  return start.tid;
}
// A timer on the thread's processor time, which stands while the thread sleeps.
long start_ticks() {
  constexpr long kTick = 5'000'000;
  constexpr int kThreadId = 4;  // SIGEV_THREAD_ID
  struct {
    std::uint64_t value;
    int signal, notify, tid;
    int rest[11];
  } event = {0, kTickSignal, kThreadId, gettid(), {}};
  static_assert(sizeof event == sizeof(sigevent));
  int timer;
  const itimerspec every{{0, kTick}, {0, kTick}};
  const bool runs = syscall(SYS_timer_create, CLOCK_THREAD_CPUTIME_ID, &event, &timer) == 0 &&
                    syscall(SYS_timer_settime, timer, 0, &every, nullptr) == 0;
  return runs ? 0 : -EAGAIN;
}
}  // namespace

void set_host_services(const HostServices& value) { services = value; }

extern "C" std::int64_t host_service(HostThread* thread) {
  HostBlock* const block = thread->block;
  const std::uint64_t* a = block->args;
  switch (static_cast<HostService>(block->number & ~kHostCallFlags)) {
    case HostService::augment: return services.device->augment(a[0], a[1], static_cast<PageKind>(a[2]));
    case HostService::protect: return services.device->protect(a[0], a[1], a[2]);
    case HostService::remove: return services.device->remove(a[0], a[1]);
    case HostService::make_tcs: return services.device->make_tcs(a[0]);
    case HostService::start_thread: return start_thread(a[0]);
    case HostService::end_thread: syscall(SYS_exit, 0); break;
    case HostService::report_lie: print_and_leave(thread, a[1], 120);
    case HostService::fail: print_and_leave(thread, a[1], static_cast<int>(a[0]));
    case HostService::print: print(a[1] == 1, bounce_of(thread), a[0] < kBounceSize ? a[0] : kBounceSize); return 0;
    case HostService::terminate: end_by_signal(static_cast<int>(a[0]));
    case HostService::start_ticks: return start_ticks();
    case HostService::raise_stop: syscall(SYS_kill, getpid(), SIGSTOP); return 0;
    default: break;
  }
  return -ENOSYS;
}

// The enclave stopped without a request: this host part made an entry that no state allows, or named places in the
// first one that the enclave may not use. If it had stopped before, another thread has the reason and ends the process.
extern "C" [[noreturn]] void host_entry_refused(std::uint32_t code) {
  constexpr unsigned kLongEnoughToEnd = 5;
  if (code == ENTRY_AFTER_STOP)
    for (unsigned left = kLongEnoughToEnd; left != 0;) left = sleep(left);
  static constexpr char kText[] = "cloister: host lied in entry: the enclave does not allow it and has stopped\n";
  write_standard_error(kText, sizeof kText - 1);
  leave_with(120);
}

[[noreturn]] void end_at_fault_in_exception(std::uint64_t address) {
  char text[112];
  const int size = std::snprintf(
      text, sizeof text, "cloister: the enclave faults at 0x%llx while it looks at an exception, and cannot go on\n",
      static_cast<unsigned long long>(address));
  write_standard_error(text, static_cast<std::size_t>(size));
  leave_with(121);
}

HostBlock* allocate_host_block() {
  void* const memory = mmap(nullptr, kHostBlockSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? nullptr : static_cast<HostBlock*>(memory);
}

namespace {
// Alignment to the size lets a handler find the header from its stack pointer alone. Secret where it can be: the kernel
// writes the program's registers there.
bool set_signal_stack(HostThread* thread) {
  const std::size_t span = 2 * kSignalStackSize;
  auto* area = static_cast<std::uint8_t*>(mmap(nullptr, span, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  if (area == MAP_FAILED) return false;
  auto* stack = reinterpret_cast<std::uint8_t*>((reinterpret_cast<std::uint64_t>(area) + kSignalStackSize - 1) &
                                                ~std::uint64_t{kSignalStackSize - 1});
  const int secret = services.secret_memory ? static_cast<int>(syscall(SYS_memfd_secret, 0)) : -1;
  bool mapped = false;
  if (secret >= 0) {
    mapped = ftruncate(secret, kSignalStackSize) == 0 &&
             mmap(stack, kSignalStackSize, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, secret, 0) != MAP_FAILED;
    close(secret);
  }
  if (!mapped && mmap(stack, kSignalStackSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
                      0) == MAP_FAILED)
    return false;
  auto* header = reinterpret_cast<SignalStackHeader*>(stack);
  std::uint64_t fs;
  asm volatile("rdfsbase %0" : "=r"(fs));
  *header = {fs, thread};
  stack_t alternate{};
  alternate.ss_sp = stack;
  alternate.ss_size = kSignalStackSize;
  return sigaltstack(&alternate, nullptr) == 0;
}
}  // namespace

void run_host_thread(Device& device, std::uint64_t tcs, StartArea start) {
  auto* thread = new HostThread{};
  thread->block = allocate_host_block();
  thread->tcs = tcs;
  thread->enter = device.enter();
  thread->tid = gettid();
  if (thread->block == nullptr || !set_signal_stack(thread) || !device.prepare_thread(tcs).ok()) {
    static constexpr char kText[] = "cloister: no memory for an enclave thread\n";
    write_standard_error(kText, sizeof kText - 1);
    leave_with(125);
  }
  if (const auto confined = device.confine_thread(); !confined.ok()) {
    std::string text = std::string("cloister: ") + confined.error().what() + "\n";
    write_standard_error(text.data(), text.size());
    leave_with(125);
  }
  const std::uint64_t mask = 0;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, nullptr, 8);
  host_thread_enter(thread, start.address, start.size);
  abort();
}
}  // namespace cloister::host
