// SPDX-License-Identifier: Apache-2.0
// Every kind of real fault in three threads, and the program's own signals, while somebody outside sends what looks
// like the same. A handler accepts what its thread has just caused, with the siginfo and the trap data that belong to
// it; everything else counts as forged. SIGWINCH and SIGHUP may come from outside.
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

enum { kThreads = 3, kKinds = 6, kMilliseconds = 2000, kNull = 16 };
static const int kOwnValue = 0x1234;

static __thread struct {
  int signal, code, trap, own_user, own_queued;
  void *address, *resume;
  volatile int waits;
} expected;
static __thread char *page, *beyond;
// `swallowed`: a SIGTRAP that somebody sent was pending when int3 raised one, and Linux keeps one of a number. A fault
// happens again then, int3 does not: the simulation's enclave never learns of it.
static volatile int forged, wrong, swallowed, allowed, alarms;
static volatile long faults[kKinds], own;

static void on_fault(int number, siginfo_t* info, void* context) {
  greg_t* const g = ((ucontext_t*)context)->uc_mcontext.gregs;
  if (!expected.waits || number != expected.signal) {
    __atomic_fetch_add(&forged, 1, __ATOMIC_RELAXED);
    return;
  }
  expected.waits = 0;
  const int right = info->si_code == expected.code && info->si_addr == expected.address &&
                    g[REG_TRAPNO] == expected.trap && (expected.trap != 14 || g[REG_CR2] == (greg_t)expected.address);
  if (!right) __atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
  g[REG_RIP] = (greg_t)expected.resume;
}

static void on_own(int number, siginfo_t* info, void* context) {
  (void)context;
  const int mine = info->si_pid == getpid();
  if (number == SIGUSR1 && info->si_code == SI_TKILL && mine && expected.own_user)
    expected.own_user = 0;
  else if (number == SIGRTMIN + 5 && info->si_code == SI_QUEUE && mine && info->si_value.sival_int == kOwnValue)
    __atomic_fetch_sub(&own, 1, __ATOMIC_RELAXED);
  else if (number == SIGALRM && info->si_code == SI_KERNEL)
    alarms = 1;
  else
    __atomic_fetch_add(&forged, 1, __ATOMIC_RELAXED);
}
static void on_allowed(int number) {
  (void)number;
  allowed = 1;
}

// The instruction at label 0 faults, the handler continues at label 1; HERE stands for the instruction's own address.
#define HERE ((void*)-1)
#define FAULT(kind_, code_, trap_, address_, text, ...)                                                              \
  do {                                                                                                               \
    expected.signal = kind_, expected.code = code_, expected.trap = trap_, expected.address = address_;              \
    void *at, *behind;                                                                                               \
    __asm__ volatile("lea 0f(%%rip), %0; lea 1f(%%rip), %1; jmp 2f\n0:" text                                         \
                     "\n1: jmp 3f\n2:"                                                                               \
                     "mov %1, %2; cmpq $-1, %3; jne 4f; mov %0, %3; 4: movl $1, %4; jmp 0b\n3:"                      \
                     : "=&r"(at), "=&r"(behind), "+m"(expected.resume), "+m"(expected.address), "+m"(expected.waits) \
                     : __VA_ARGS__                                                                                   \
                     : "cc", "memory");                                                                              \
    if (expected.waits) __atomic_fetch_add(expected.signal == SIGTRAP ? &swallowed : &wrong, 1, __ATOMIC_RELAXED);   \
  } while (0)

static void one_fault(int kind) {
  switch (kind) {
    case 0: FAULT(SIGSEGV, SEGV_ACCERR, 14, page + 3, "movb $1, (%5)", "r"(page + 3)); break;
    case 1: FAULT(SIGSEGV, SEGV_MAPERR, 14, (void*)kNull, "testb $1, (%5)", "r"((long)kNull)); break;
    case 2: FAULT(SIGFPE, FPE_INTDIV, 0, HERE, "idivl %5", "r"(0), "a"(7), "d"(0)); break;
    case 3: FAULT(SIGILL, ILL_ILLOPN, 6, HERE, "ud2", "r"(0)); break;
    case 4: FAULT(SIGBUS, BUS_ADRERR, 14, beyond + 8, "testb $1, (%5)", "r"(beyond + 8)); break;
    default: FAULT(SIGTRAP, SI_KERNEL, 3, NULL, "int3", "r"(0));
  }
  __atomic_fetch_add(&faults[kind], 1, __ATOMIC_RELAXED);
}

static void* run(void* argument) {
  const unsigned number = (unsigned)(uintptr_t)argument;
  char name[64];
  snprintf(name, sizeof name, "lied_signals.%u.tmp", number);
  const int file = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
  page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  char* const map = mmap(NULL, 2 * 4096, PROT_READ, MAP_PRIVATE, file, 0);
  if (file < 0 || ftruncate(file, 100) != 0 || page == MAP_FAILED || map == MAP_FAILED) return (void*)1;
  beyond = map + 4096;
  unlink(name);
  struct timespec start, now;
  clock_gettime(CLOCK_MONOTONIC, &start);
  for (unsigned round = number;; round++) {
    one_fault((int)(round % kKinds));
    if (round % 8 == 0) {
      expected.own_user = 1;
      raise(SIGUSR1);
      if (expected.own_user) __atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
    }
    if (round % 32 == 0 && number == 0) {
      __atomic_fetch_add(&own, 1, __ATOMIC_RELAXED);
      if (sigqueue(getpid(), SIGRTMIN + 5, (union sigval){kOwnValue}) != 0)
        __atomic_fetch_sub(&own, 1, __ATOMIC_RELAXED);
    }
    clock_gettime(CLOCK_MONOTONIC, &now);
    if ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 >= kMilliseconds) return NULL;
  }
}

int main(void) {
  static const int kFaults[] = {SIGSEGV, SIGFPE, SIGILL, SIGBUS, SIGTRAP};
  const int own_signals[] = {SIGUSR1, SIGUSR2, SIGCHLD, SIGALRM, SIGIO, SIGRTMIN + 5, SIGRTMIN + 6};
  struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_RESTART};
  sigfillset(&action.sa_mask);
  for (unsigned i = 0; i < sizeof kFaults / sizeof kFaults[0]; i++) sigaction(kFaults[i], &action, NULL);
  action.sa_sigaction = on_own;
  for (unsigned i = 0; i < sizeof own_signals / sizeof own_signals[0]; i++) sigaction(own_signals[i], &action, NULL);
  struct sigaction outside = {.sa_handler = on_allowed, .sa_flags = SA_RESTART};
  sigaction(SIGWINCH, &outside, NULL);
  sigaction(SIGHUP, &outside, NULL);
  const struct itimerval often = {{0, 3000}, {0, 3000}};
  setitimer(ITIMER_REAL, &often, NULL);
  puts("ready");
  fflush(stdout);
  pthread_t threads[kThreads];
  for (uintptr_t i = 0; i < kThreads; i++) pthread_create(&threads[i], NULL, run, (void*)i);
  long problems = 0;
  for (int i = 0; i < kThreads; i++) {
    void* result;
    while (pthread_join(threads[i], &result) != 0) {
    }
    problems += result != NULL;
  }
  int enough = 1;
  for (int i = 0; i < kKinds; i++) enough &= faults[i] > 20;
  printf("%s faults, %d wrong, %d forged, %ld of our own lost, alarms %d, allowed %d, problems %ld\n",
         enough ? "all" : "too few", wrong, forged, own, alarms, allowed, problems);
  return 0;
}
