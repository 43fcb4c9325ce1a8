// SPDX-License-Identifier: Apache-2.0
// Sleeps in the way its argument names, says when it begins and ends, and what woke it. Second argument: milliseconds.
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t last_signal;
static void handler(int number) { last_signal = number; }

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  long ms = atol(argv[2]);
  int pipes[2], epoll = epoll_create1(0);
  if (pipe(pipes)) return 3;
  struct epoll_event event = {.events = EPOLLIN};
  epoll_ctl(epoll, EPOLL_CTL_ADD, pipes[0], &event);
  if (argc > 3) {
    int numbers[] = {SIGTERM, SIGHUP, SIGINT, SIGWINCH};
    struct sigaction action = {.sa_handler = handler};
    for (int i = 0; i < 4; i++) sigaction(numbers[i], &action, NULL);
  }
  printf("ready\n");
  fflush(stdout);
  struct timespec t = {ms / 1000, ms % 1000 * 1000000};
  static uint32_t word;
  struct pollfd p = {pipes[0], POLLIN, 0};
  long result = -1;
  errno = 0;
  if (strcmp(argv[1], "nanosleep") == 0) result = nanosleep(&t, NULL);
  if (strcmp(argv[1], "poll") == 0) result = poll(&p, 1, (int)ms);
  if (strcmp(argv[1], "epoll") == 0) result = epoll_wait(epoll, &event, 1, (int)ms);
  if (strcmp(argv[1], "futex") == 0) result = syscall(SYS_futex, &word, FUTEX_WAIT, 0, &t, NULL, 0);
  if (strcmp(argv[1], "read") == 0) result = read(pipes[0], &word, 1);
  int saved = errno;
  printf("result %ld errno %d signal %d\n", result, saved, (int)last_signal);
  return 0;
}
