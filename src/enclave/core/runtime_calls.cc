// SPDX-License-Identifier: Apache-2.0
// System calls of the runtime's own C library: the allow-list of decision 4. They never reach the program's table or
// files; any other call stops the enclave.
#include <asm/errno.h>
#include <asm/unistd_64.h>
#include <linux/futex.h>
#include <linux/mman.h>
#include <linux/sched.h>
#include <atomic>
#include "abi/enclave_layout.h"
#include "src/enclave/core/check.h"
#include "src/enclave/core/clock.h"
#include "src/enclave/core/cpu.h"
#include "src/enclave/core/futex.h"
#include "src/enclave/core/host_call.h"
#include "src/enclave/core/runtime_memory.h"
#include "src/enclave/core/thread_area.h"

extern "C" [[noreturn]] void begin_runtime_thread(const std::uint64_t* registers, std::uint64_t stack,
                                                  std::uint64_t resume);

namespace cloister::core {
namespace {
// As runtime_syscall_entry pushes them.
struct Registers {
  std::uint64_t r9, r8, r10, rdx, rsi, rdi;
};

// What a new thread of the C library needs until it runs; lives on the parent's stack, which waits until one of the two
// has taken it: after a start that the host calls failed, the host may still enter the thread.
struct ThreadStart {
  const Thread* thread;
  Registers registers;
  std::uint64_t stack, tls, resume;
  std::atomic<std::uint32_t> taken;
};
constinit std::atomic<ThreadStart*> pending_start{nullptr};

constinit std::atomic<std::uint32_t> next_runtime_tid{1};

std::uint64_t permissions_of(std::uint64_t prot) {
  ENCLAVE_CHECK((prot & PROT_EXEC) == 0);
  return (prot & PROT_READ ? kPageRead : 0) | (prot & PROT_WRITE ? kPageRead | kPageWrite : 0);
}

[[noreturn]] void entered_unasked() {
  host_lied(HostCall::start_thread, "a thread enters that the host did not start");
}

void start_runtime_thread(Thread* thread) {
  ThreadStart* start = pending_start.exchange(nullptr, std::memory_order_acq_rel);
  if (start == nullptr || start->thread != thread) entered_unasked();
  const Registers registers = start->registers;
  const std::uint64_t stack = start->stack, tls = start->tls, resume = start->resume;
  thread->runtime_fs = tls;
  start->taken.store(1, std::memory_order_release);
  asm volatile("wrfsbase %0" ::"r"(tls));
  begin_runtime_thread(&registers.r9, stack, resume);
}

// clone3 of the C library: a new enclave thread. Only one at a time: the kernel storey creates threads under a lock.
long clone_thread(const Registers& registers, std::uint64_t resume) {
  struct CloneArguments {
    std::uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
  };
  const auto* arguments = reinterpret_cast<const CloneArguments*>(registers.rdi);
  std::uint64_t tcs = 0;
  Thread* thread = make_thread(start_runtime_thread, &tcs);
  if (thread == nullptr) return -EAGAIN;
  ThreadStart start{thread, registers, arguments->stack + arguments->stack_size, arguments->tls, resume, {0}};
  const std::uint32_t tid = next_runtime_tid.fetch_add(1) + 1;
  if ((arguments->flags & CLONE_PARENT_SETTID) != 0) *reinterpret_cast<std::uint32_t*>(arguments->parent_tid) = tid;
  pending_start.store(&start, std::memory_order_release);
  thread->host_pid = current_thread()->host_pid;
  const long host_tid = host_call(HostCall::start_thread, tcs);
  if (host_tid < 0) {
    if (pending_start.exchange(nullptr, std::memory_order_acq_rel) == nullptr) entered_unasked();
    return host_tid;
  }
  thread->host_tid = static_cast<std::uint64_t>(host_tid);
  while (start.taken.load(std::memory_order_acquire) == 0) host_call(HostCall::sched_yield);
  return tid;
}

long runtime_futex(const Registers& r) {
  const auto operation = static_cast<std::uint32_t>(r.rsi) & ~std::uint32_t{FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME};
  const auto value = static_cast<std::uint32_t>(r.rdx);
  if (operation == FUTEX_WAKE) return futex_wake(r.rdi, value, FUTEX_BITSET_MATCH_ANY);
  ENCLAVE_CHECK(operation == FUTEX_WAIT || operation == FUTEX_WAIT_BITSET);
  ENCLAVE_CHECK(r.r10 == 0);  // the runtime has no timed waits
  return futex_wait(r.rdi, value, FUTEX_BITSET_MATCH_ANY, kNoDeadline, FutexWord::runtime);
}

long runtime_clock(const Registers& r) {
  const std::uint64_t now = r.rdi == 0 ? realtime_now() : monotonic_now();
  auto* time = reinterpret_cast<std::uint64_t*>(r.rsi);
  time[0] = now / 1'000'000'000;
  time[1] = now % 1'000'000'000;
  return 0;
}

long set_runtime_fs(const Registers& r) {
  constexpr std::uint64_t kSetFs = 0x1002;
  if (r.rdi != kSetFs) return -EINVAL;
  current_thread()->runtime_fs = r.rsi;
  asm volatile("wrfsbase %0" ::"r"(r.rsi));
  return 0;
}

long affinity(const Registers& r) {  // malloc asks how many processors there are
  *reinterpret_cast<std::uint64_t*>(r.rdx) = 3;
  return 8;
}

long stack_limit(const Registers& r) {  // pthread_create's default stack size
  auto* limit = reinterpret_cast<std::uint64_t*>(r.r10);
  if (limit != nullptr) limit[0] = limit[1] = 256 << 10;
  return 0;
}

long serve(const Registers& r, std::uint64_t number, std::uint64_t resume) {
  switch (number) {
    case __NR_brk: return runtime_brk(r.rdi);
    case __NR_mmap:
      ENCLAVE_CHECK((r.r10 & MAP_ANONYMOUS) != 0 && (r.r10 & MAP_FIXED) == 0);
      return runtime_map(r.rsi, permissions_of(r.rdx));
    case __NR_munmap: return runtime_unmap(r.rdi, r.rsi);
    case __NR_mprotect: return runtime_protect(r.rdi, r.rsi, permissions_of(r.rdx));
    case __NR_madvise: return 0;
    case __NR_futex: return runtime_futex(r);
    case __NR_clone3: return clone_thread(r, resume);
    case __NR_arch_prctl: return set_runtime_fs(r);
    case __NR_set_tid_address: return 1;
    case __NR_getpid:
    case __NR_gettid: return 1;
    case __NR_set_robust_list:
    case __NR_rt_sigprocmask:
    case __NR_rt_sigaction: return 0;
    case __NR_clock_gettime: return runtime_clock(r);
    case __NR_sched_yield: return host_call(HostCall::sched_yield);
    case __NR_sched_getaffinity: return affinity(r);
    case __NR_prlimit64: return stack_limit(r);
    case __NR_getrandom: random_bytes(reinterpret_cast<void*>(r.rdi), r.rsi); return static_cast<long>(r.rsi);
    case __NR_write:
    case __NR_writev: {
      if (number == __NR_write)
        print_to_host(PrintStream::error, reinterpret_cast<const char*>(r.rsi), r.rdx);
      else
        for (std::uint64_t i = 0; i < r.rdx; ++i) {
          const auto* part = reinterpret_cast<const std::uint64_t*>(r.rsi) + 2 * i;
          print_to_host(PrintStream::error, reinterpret_cast<const char*>(part[0]), part[1]);
        }
      return static_cast<long>(r.rdx);
    }
    case __NR_access:
    case __NR_rseq:
    case __NR_readlink:
    case __NR_readlinkat:
    case __NR_openat:
    case __NR_newfstatat:
    case __NR_uname: return -ENOSYS;
    case __NR_exit: host_call(HostCall::end_thread); __builtin_unreachable();
    case __NR_exit_group: enclave_fail("the runtime's C library gave up", __FILE__, __LINE__);
    default: enclave_fail("the runtime made a system call outside its list", __FILE__, static_cast<unsigned>(number));
  }
}
}  // namespace

extern "C" long runtime_syscall(const Registers* registers, std::uint64_t number, std::uint64_t resume) {
  // The C library may hold live vector registers here, and the program's may lie in the thread's area: use another one.
  alignas(64) std::byte vectors[VECTOR_AREA_SIZE];
  Thread* thread = current_thread();
  std::byte* const program_area = thread->vector_area;
  const std::uint64_t program_live = thread->vectors_live;
  thread->vector_area = vectors;
  thread->vectors_live = 1;
  const long result = serve(*registers, number, resume);
  thread->vector_area = program_area;
  thread->vectors_live = program_live;
  return result;
}
}  // namespace cloister::core
