// SPDX-License-Identifier: Apache-2.0
// Included first by every program here. Its output is compared between native and inside, so it must be deterministic:
// SECTION says where we are (the last one printed before a crash is the culprit), CHECK is silent when it holds.
#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

static int check_failures __attribute__((unused));

#define SAY(...)         \
  do {                   \
    printf(__VA_ARGS__); \
    putchar('\n');       \
    fflush(stdout);      \
  } while (0)

#define SECTION(name) SAY("%s", name)

#define CHECK(condition)                                                       \
  do {                                                                         \
    if (!(condition)) {                                                        \
      int check_errno = errno;                                                 \
      SAY("FAILED line %d: %s (errno %d)", __LINE__, #condition, check_errno); \
      __atomic_fetch_add(&check_failures, 1, __ATOMIC_SEQ_CST);                \
    }                                                                          \
  } while (0)

// The call must return -1 with exactly this errno.
#define CHECK_ERRNO(call, number)                                                                                  \
  do {                                                                                                             \
    errno = 0;                                                                                                     \
    long check_result = (long)(call);                                                                              \
    if (check_result != -1 || errno != (number)) {                                                                 \
      int check_errno = errno;                                                                                     \
      SAY("FAILED line %d: %s: result %ld errno %d, not %s", __LINE__, #call, check_result, check_errno, #number); \
      __atomic_fetch_add(&check_failures, 1, __ATOMIC_SEQ_CST);                                                    \
    }                                                                                                              \
  } while (0)

// What cannot go on: says so and ends the program.
#define REQUIRE(condition)                                                           \
  do {                                                                               \
    if (!(condition)) {                                                              \
      int check_errno = errno;                                                       \
      SAY("FAILED line %d: %s (errno %d), stop", __LINE__, #condition, check_errno); \
      exit(99);                                                                      \
    }                                                                                \
  } while (0)

static inline int check_done(void) {
  SAY(check_failures ? "failures" : "done");
  return check_failures ? 1 : 0;
}

static inline double seconds_since(const struct timespec* begin) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)(now.tv_sec - begin->tv_sec) + (double)(now.tv_nsec - begin->tv_nsec) * 1e-9;
}

static inline void sleep_ms(long ms) {
  struct timespec t = {ms / 1000, ms % 1000 * 1000000};
  while (nanosleep(&t, &t) == -1 && errno == EINTR) {
  }
}

// A system call of the program's own, not through libc.
static inline long raw_syscall6(long n, long a, long b, long c, long d, long e, long f) {
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}
