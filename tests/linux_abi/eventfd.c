// SPDX-License-Identifier: Apache-2.0
// eventfd and timerfd: counts, semaphores, blocking, poll, expirations.
#include "check.h"
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>

static void* add_later(void* fd) {
  sleep_ms(50);
  uint64_t value = 3;
  CHECK(write((int)(intptr_t)fd, &value, 8) == 8);
  return NULL;
}
static int readable(int fd, int ms) {
  struct pollfd p = {fd, POLLIN, 0};
  return poll(&p, 1, ms) == 1 && p.revents == POLLIN;
}

int main(void) {
  uint64_t v;
  SECTION("eventfd");
  int fd = eventfd(5, EFD_NONBLOCK);
  CHECK(read(fd, &v, 8) == 8 && v == 5);
  CHECK_ERRNO(read(fd, &v, 8), EAGAIN);
  v = 7;
  CHECK(write(fd, &v, 8) == 8 && write(fd, &v, 8) == 8 && read(fd, &v, 8) == 8 && v == 14);
  CHECK_ERRNO(read(fd, &v, 7), EINVAL);
  CHECK_ERRNO(write(fd, &v, 7), EINVAL);
  v = UINT64_MAX;
  CHECK_ERRNO(write(fd, &v, 8), EINVAL);
  v = UINT64_MAX - 1;
  CHECK(write(fd, &v, 8) == 8);
  v = 1;
  CHECK_ERRNO(write(fd, &v, 8), EAGAIN);
  struct pollfd p = {fd, POLLIN | POLLOUT, 0};
  CHECK(poll(&p, 1, 0) == 1 && p.revents == POLLIN);
  SECTION("semaphore");
  int semaphore = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK);
  CHECK(read(semaphore, &v, 8) == 8 && v == 1 && read(semaphore, &v, 8) == 8 && v == 1);
  CHECK_ERRNO(read(semaphore, &v, 8), EAGAIN);
  SECTION("blocking");
  fd = eventfd(0, 0);
  pthread_t thread;
  pthread_create(&thread, NULL, add_later, (void*)(intptr_t)fd);
  CHECK(read(fd, &v, 8) == 8 && v == 3);
  pthread_join(thread, NULL);
  pthread_create(&thread, NULL, add_later, (void*)(intptr_t)fd);
  CHECK(!readable(fd, 0) && readable(fd, 5000));
  pthread_join(thread, NULL);
  CHECK_ERRNO(eventfd(0, 0x12345), EINVAL);
  SECTION("timerfd once");
  int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
  REQUIRE(timer >= 0);
  struct itimerspec t = {{0, 0}, {0, 40000000}}, now;
  struct timespec begin;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  CHECK(timerfd_settime(timer, 0, &t, NULL) == 0 && !readable(timer, 0));
  CHECK(timerfd_gettime(timer, &now) == 0 && now.it_value.tv_nsec > 0 && now.it_value.tv_nsec <= 40000000);
  CHECK(readable(timer, 5000) && read(timer, &v, 8) == 8 && v == 1);
  CHECK(seconds_since(&begin) >= 0.04 && seconds_since(&begin) < 2);
  SECTION("timerfd periodic");
  struct itimerspec periodic = {{0, 10000000}, {0, 10000000}};
  CHECK(timerfd_settime(timer, 0, &periodic, NULL) == 0);
  sleep_ms(105);
  CHECK(read(timer, &v, 8) == 8 && v >= 9 && v < 100);
  CHECK(read(timer, &v, 8) == 8 && v >= 1);
  SECTION("timerfd absolute, disarm");
  clock_gettime(CLOCK_MONOTONIC, &t.it_value);
  t.it_value.tv_sec -= 10;
  CHECK(timerfd_settime(timer, TFD_TIMER_ABSTIME, &t, &now) == 0 && readable(timer, 5000) && read(timer, &v, 8) == 8);
  memset(&t, 0, sizeof t);
  CHECK(timerfd_settime(timer, 0, &periodic, NULL) == 0 && timerfd_settime(timer, 0, &t, NULL) == 0);
  CHECK(fcntl(timer, F_SETFL, O_NONBLOCK) == 0);
  CHECK_ERRNO(read(timer, &v, 8), EAGAIN);
  SECTION("timerfd realtime and errors");
  CHECK((timer = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK)) >= 0);
  CHECK_ERRNO(timerfd_create(77, 0), EINVAL);
  t.it_value.tv_nsec = 1000000000;
  CHECK_ERRNO(timerfd_settime(timer, 0, &t, NULL), EINVAL);
  return check_done();
}
