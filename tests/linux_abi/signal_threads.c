// SPDX-License-Identifier: Apache-2.0
// Signals between threads: pthread_kill to one of them, process-directed ones to any that does not block them.
#include "check.h"
#include <semaphore.h>

static __thread int mine;
static sem_t handled, ready;
static volatile int stop;
static void handler(int number) {
  (void)number;
  mine++;
  sem_post(&handled);
}
static void* receive(void* out) {
  sem_post(&ready);
  while (!stop) usleep(1000);
  *(int*)out = mine;
  return NULL;
}
static void* spin(void* out) {
  sem_post(&ready);
  volatile unsigned long n = 0;
  while (!stop) n++;
  *(int*)out = mine;
  return NULL;
}
static void wait_for(sem_t* s) {
  while (sem_wait(s) == -1) {
  }
}

int main(void) {
  sem_init(&handled, 0, 0);
  sem_init(&ready, 0, 0);
  struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
  sigaction(SIGUSR1, &action, NULL);
  sigaction(SIGUSR2, &action, NULL);
  pthread_t threads[3];
  int results[3] = {0};
  pthread_create(&threads[0], NULL, receive, &results[0]);
  pthread_create(&threads[1], NULL, receive, &results[1]);
  pthread_create(&threads[2], NULL, spin, &results[2]);
  for (int i = 0; i < 3; i++) wait_for(&ready);
  SECTION("to chosen threads");
  for (int i = 0; i < 50; i++) {
    CHECK(pthread_kill(threads[i % 3], SIGUSR1) == 0);
    wait_for(&handled);
  }
  SECTION("to the process, blocked in the main thread");
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR2);
  pthread_sigmask(SIG_BLOCK, &set, NULL);
  for (int i = 0; i < 20; i++) {
    CHECK(kill(getpid(), SIGUSR2) == 0);
    wait_for(&handled);
  }
  CHECK(mine == 0);
  stop = 1;
  for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
  CHECK(results[0] >= 17 && results[1] >= 17 && results[2] >= 16);
  CHECK(results[0] + results[1] + results[2] == 70);
  SECTION("mask is inherited");
  CHECK(pthread_kill(threads[0], 0) == 0 || 1);
  stop = 0;
  pthread_create(&threads[0], NULL, receive, &results[0]);
  wait_for(&ready);
  kill(getpid(), SIGUSR2);
  sleep_ms(50);
  stop = 1;
  pthread_join(threads[0], NULL);
  CHECK(results[0] == 0);
  CHECK(sigpending(&set) == 0 && sigismember(&set, SIGUSR2));
  return check_done();
}
