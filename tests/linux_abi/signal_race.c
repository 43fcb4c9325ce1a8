// SPDX-License-Identifier: Apache-2.0
// A signal that arrives just before, in or after a blocking call is never lost: thousands of tries with random delays.
// timeout: 60
#include "check.h"
#include <poll.h>

static volatile int handled;
static volatile uint32_t round_number;
static pthread_t main_thread;
static void handler(int number) {
  (void)number;
  __atomic_fetch_add(&handled, 1, __ATOMIC_SEQ_CST);
}
static void* sender(void* unused) {
  unsigned seed = 1;
  uint32_t seen = 0;
  for (;;) {
    uint32_t now;
    while ((now = __atomic_load_n(&round_number, __ATOMIC_SEQ_CST)) == seen) __asm__ volatile("pause");
    if (now == UINT32_MAX) return unused;
    seen = now;
    for (volatile unsigned i = (unsigned)rand_r(&seed) % 3000; i; i--) {
    }
    pthread_kill(main_thread, SIGUSR1);
  }
}

int main(void) {
  main_thread = pthread_self();
  struct sigaction action = {.sa_handler = handler};
  sigaction(SIGUSR1, &action, NULL);
  sigset_t blocked, none;
  sigemptyset(&blocked);
  sigemptyset(&none);
  sigaddset(&blocked, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &blocked, NULL);
  pthread_t thread;
  pthread_create(&thread, NULL, sender, NULL);
  uint32_t n = 0;
  SECTION("ppoll");
  for (int i = 0; i < 2000; i++) {
    handled = 0;
    __atomic_store_n(&round_number, ++n, __ATOMIC_SEQ_CST);
    CHECK_ERRNO(ppoll(NULL, 0, NULL, &none), EINTR);
    CHECK(handled == 1);
  }
  SECTION("sigsuspend");
  for (int i = 0; i < 2000; i++) {
    handled = 0;
    __atomic_store_n(&round_number, ++n, __ATOMIC_SEQ_CST);
    CHECK_ERRNO(sigsuspend(&none), EINTR);
    CHECK(handled == 1);
  }
  SECTION("sigwaitinfo");
  for (int i = 0; i < 2000; i++) {
    __atomic_store_n(&round_number, ++n, __ATOMIC_SEQ_CST);
    CHECK(sigwaitinfo(&blocked, NULL) == SIGUSR1);
  }
  SECTION("self pipe");
  int pipes[2];
  REQUIRE(pipe(pipes) == 0);
  pthread_sigmask(SIG_UNBLOCK, &blocked, NULL);
  for (int i = 0; i < 1000; i++) {
    handled = 0;
    __atomic_store_n(&round_number, ++n, __ATOMIC_SEQ_CST);
    struct pollfd fd = {pipes[0], POLLIN, 0};
    struct timespec t = {0, 1000000};
    while (!__atomic_load_n(&handled, __ATOMIC_SEQ_CST)) ppoll(&fd, 1, &t, NULL);
  }
  __atomic_store_n(&round_number, UINT32_MAX, __ATOMIC_SEQ_CST);
  pthread_join(thread, NULL);
  return check_done();
}
