// SPDX-License-Identifier: Apache-2.0
// Threads that compute, wait for each other, take faults and signals, and hand each other data, under entries that
// nobody should make. Every result is checked against what it must be; a canary lies around what each thread works on.
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

enum { kThreads = 3, kRounds = 300, kWords = 64 };
static const uint64_t kCanary = 0x5ca1ab1e0ddba11u;

struct Work {
  uint64_t before, words[kWords], after;
};
static struct Work work[kThreads];
static int pipes[kThreads][2];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static uint64_t shared_sum;
static __thread char* page;
static volatile sig_atomic_t alarms;

// Any write may be interrupted.
static void say(const char* text) {
  for (size_t done = 0, size = strlen(text); done < size;) {
    const ssize_t part = write(1, text + done, size - done);
    if (part > 0) done += (size_t)part;
  }
}
static void give_up(const char* what) {
  say("CORRUPT ");
  say(what);
  say("\n");
  _exit(9);
}
static void on_fault(int number, siginfo_t* info, void* context) {
  (void)number, (void)context;
  if ((char*)info->si_addr != page + 8) give_up("address of a fault");
  mprotect(page, 4096, PROT_READ | PROT_WRITE);
}
static void on_alarm(int number) {
  (void)number;
  alarms++;
}

static uint64_t mix(uint64_t value) {
  value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9u;
  return value ^ value >> 27;
}

// The transfer may be interrupted at any time.
static void exactly(int (*end)[2], struct Work* mine, int writing) {
  char* bytes = (char*)mine->words;
  for (size_t done = 0; done < sizeof mine->words;) {
    const ssize_t part = writing ? write((*end)[1], bytes + done, sizeof mine->words - done)
                                 : read((*end)[0], bytes + done, sizeof mine->words - done);
    if (part > 0) done += (size_t)part;
  }
}

static void* run(void* argument) {
  const uint64_t number = (uint64_t)(uintptr_t)argument;
  struct Work* const mine = &work[number];
  page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) give_up("memory");
  for (uint64_t round = 0; round < kRounds; round++) {
    for (uint64_t i = 0; i < kWords; i++) mine->words[i] = mix(number * 1000003 + round * 97 + i);
    exactly(&pipes[number], mine, 1);
    memset(mine->words, 0, sizeof mine->words);
    if (mprotect(page, 4096, PROT_READ) != 0) give_up("mprotect");
    page[8] = (char)round;  // a fault
    if (page[8] != (char)round) give_up("memory after a fault");
    exactly(&pipes[number], mine, 0);
    double sum = 0;
    for (uint64_t i = 0; i < kWords; i++) {
      if (mine->words[i] != mix(number * 1000003 + round * 97 + i)) give_up("data of a pipe");
      sum += (double)(i + round);
    }
    if (sum != (double)(kWords * (kWords - 1) / 2 + kWords * round)) give_up("floating point");
    pthread_mutex_lock(&mutex);
    shared_sum += round;
    pthread_mutex_unlock(&mutex);
    if (mine->before != kCanary || mine->after != kCanary) give_up("canary");
    if (round % 16 == 0) usleep(200);
  }
  return NULL;
}

int main(void) {
  struct sigaction fault = {0}, alarm_action = {0};
  fault.sa_sigaction = on_fault;
  fault.sa_flags = SA_SIGINFO;
  sigaction(SIGSEGV, &fault, NULL);
  alarm_action.sa_handler = on_alarm;
  sigaction(SIGALRM, &alarm_action, NULL);
  const struct itimerval often = {{0, 700}, {0, 700}};
  setitimer(ITIMER_REAL, &often, NULL);
  say("begun\n");
  for (int generation = 0; generation < 4; generation++) {
    pthread_t threads[kThreads];
    for (uintptr_t i = 0; i < kThreads; i++) {
      work[i].before = work[i].after = kCanary;
      if (generation == 0 && pipe(pipes[i]) != 0) give_up("pipe");
      if (pthread_create(&threads[i], NULL, run, (void*)i) != 0) give_up("pthread_create");
    }
    for (int i = 0; i < kThreads; i++) pthread_join(threads[i], NULL);
  }
  if (shared_sum != 4ull * kThreads * (kRounds * (kRounds - 1) / 2)) give_up("sum");
  say(alarms > 0 ? "right 1\n" : "right 0\n");
  return 0;
}
