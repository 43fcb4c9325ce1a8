// SPDX-License-Identifier: Apache-2.0
// Clocks never go back and agree with each other; sleeping takes as long as asked.
// build: pie static musl
#include "check.h"
#include <sys/time.h>
#include <sys/times.h>

static double seconds(clockid_t clock) {
  struct timespec t;
  CHECK(clock_gettime(clock, &t) == 0 && t.tv_nsec >= 0 && t.tv_nsec < 1000000000);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}
static volatile int stop;
static void* burn(void* unused) {
  while (!stop) __asm__ volatile("");
  return unused;
}

int main(void) {
  clockid_t clocks[] = {CLOCK_REALTIME,           CLOCK_MONOTONIC,        CLOCK_MONOTONIC_RAW,
                        CLOCK_BOOTTIME,           CLOCK_REALTIME_COARSE,  CLOCK_MONOTONIC_COARSE,
                        CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID};
  for (unsigned c = 0; c < sizeof clocks / sizeof clocks[0]; c++) {
    SAY("clock %d", clocks[c]);
    struct timespec previous = {0, 0}, t, resolution;
    for (int i = 0; i < 20000; i++) {
      REQUIRE(clock_gettime(clocks[c], &t) == 0);
      REQUIRE(t.tv_sec > previous.tv_sec || (t.tv_sec == previous.tv_sec && t.tv_nsec >= previous.tv_nsec));
      previous = t;
    }
    CHECK(clock_getres(clocks[c], &resolution) == 0 && resolution.tv_sec == 0 && resolution.tv_nsec > 0);
  }
  SECTION("they agree");
  double real = seconds(CLOCK_REALTIME);
  struct timeval tv;
  CHECK(gettimeofday(&tv, NULL) == 0);
  double day = (double)tv.tv_sec + tv.tv_usec * 1e-6;
  CHECK(day - real > -1e-5 && day - real < 0.5);
  CHECK(llabs((long long)time(NULL) - tv.tv_sec) <= 1);
  CHECK(real - seconds(CLOCK_REALTIME_COARSE) < 0.1);
  struct timespec direct;
  CHECK(syscall(SYS_clock_gettime, CLOCK_REALTIME, &direct) == 0 && direct.tv_sec - (time_t)real <= 1);
  CHECK(real > 1.7e9);
  SECTION("rates agree");
  double r0 = seconds(CLOCK_REALTIME), m0 = seconds(CLOCK_MONOTONIC), w0 = seconds(CLOCK_MONOTONIC_RAW);
  sleep_ms(200);
  double r = seconds(CLOCK_REALTIME) - r0, m = seconds(CLOCK_MONOTONIC) - m0, w = seconds(CLOCK_MONOTONIC_RAW) - w0;
  CHECK(r - m < 0.01 && m - r < 0.01 && w - m < 0.01 && m - w < 0.01 && m >= 0.2 && m < 5);
  SECTION("sleeping");
  struct timespec begin, t = {0, 50000000}, left;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  CHECK(nanosleep(&t, &left) == 0 && seconds_since(&begin) >= 0.05);
  clock_gettime(CLOCK_MONOTONIC, &begin);
  t = begin;
  t.tv_nsec += 50000000;
  if (t.tv_nsec >= 1000000000) t.tv_sec++, t.tv_nsec -= 1000000000;
  CHECK(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == 0 && seconds_since(&begin) >= 0.05 &&
        seconds_since(&begin) < 2);
  CHECK(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &begin, NULL) == 0);
  clock_gettime(CLOCK_REALTIME, &t);
  t.tv_nsec += 20000000;
  if (t.tv_nsec >= 1000000000) t.tv_sec++, t.tv_nsec -= 1000000000;
  CHECK(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &t, NULL) == 0);
  t.tv_nsec = 1000000000;
  CHECK_ERRNO(nanosleep(&t, NULL), EINVAL);
  t.tv_nsec = 0, t.tv_sec = -1;
  CHECK_ERRNO(nanosleep(&t, NULL), EINVAL);
  CHECK_ERRNO(clock_gettime(77, &t), EINVAL);
  SECTION("CPU time");
  double c0 = seconds(CLOCK_PROCESS_CPUTIME_ID), t0 = seconds(CLOCK_THREAD_CPUTIME_ID);
  sleep_ms(100);
  CHECK(seconds(CLOCK_PROCESS_CPUTIME_ID) - c0 < 0.09 && seconds(CLOCK_THREAD_CPUTIME_ID) - t0 < 0.09);
  pthread_t thread;
  pthread_create(&thread, NULL, burn, NULL);
  for (int i = 0; i < 100 && seconds(CLOCK_PROCESS_CPUTIME_ID) - c0 < 0.1; i++) sleep_ms(50);
  stop = 1;
  pthread_join(thread, NULL);
  CHECK(seconds(CLOCK_PROCESS_CPUTIME_ID) - c0 > 0.05 && seconds(CLOCK_THREAD_CPUTIME_ID) - t0 < 0.09);
  CHECK(clock() > 0);
  struct tms ticks;
  CHECK(times(&ticks) != (clock_t)-1);
  SECTION("calendar");
  time_t fixed = 1000000000;
  struct tm parts;
  CHECK(gmtime_r(&fixed, &parts) && parts.tm_year == 101 && parts.tm_hour == 1 && timegm(&parts) == fixed);
  return check_done();
}
