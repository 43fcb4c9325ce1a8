// SPDX-License-Identifier: Apache-2.0
// flags: -lm
// A timer that fires all the time while threads compute, allocate and do input and output: nothing is disturbed.
#include "check.h"
#include <math.h>
#include <sys/time.h>

static volatile long ticks;
static void on_tick(int number) {
  (void)number;
  int saved = errno;
  ticks++;
  (void)!write(-1, "", 0);
  errno = saved;
}
static double reference;
static double calculate(void) {
  double sum = 0;
  for (int i = 1; i < 20000; i++) sum += sqrt((double)i) * ((i & 1) ? 1 : -1);
  return sum;
}
static void* compute(void* seed) {
  for (int round = 0; round < 60; round++) {
    CHECK(calculate() == reference);
    char* p = malloc(5000 + (size_t)round);
    memset(p, (int)(intptr_t)seed, 5000);
    CHECK(p[4999] == (char)(intptr_t)seed);
    free(p);
  }
  return NULL;
}
static void* transfer(void* unused) {
  int pipes[2];
  REQUIRE(pipe(pipes) == 0);
  for (int i = 0; i < 3000; i++) {
    int out = i, in = -1;
    ssize_t n;
    while ((n = write(pipes[1], &out, sizeof out)) == -1 && errno == EINTR) {
    }
    CHECK(n == sizeof out);
    while ((n = read(pipes[0], &in, sizeof in)) == -1 && errno == EINTR) {
    }
    CHECK(n == sizeof in && in == i);
  }
  return unused;
}

int main(void) {
  reference = calculate();
  struct sigaction action = {.sa_handler = on_tick};
  sigaction(SIGALRM, &action, NULL);
  struct itimerval t = {{0, 500}, {0, 500}};
  setitimer(ITIMER_REAL, &t, NULL);
  pthread_t threads[4];
  pthread_create(&threads[0], NULL, compute, (void*)1);
  pthread_create(&threads[1], NULL, compute, (void*)2);
  pthread_create(&threads[2], NULL, transfer, NULL);
  transfer(NULL);
  compute((void*)3);
  for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
  memset(&t, 0, sizeof t);
  setitimer(ITIMER_REAL, &t, NULL);
  CHECK(ticks > 2);
  return check_done();
}
