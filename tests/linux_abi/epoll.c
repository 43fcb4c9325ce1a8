// SPDX-License-Identifier: Apache-2.0
// epoll over pipes, eventfds and sockets together: level, edge, one-shot, data, hang-up, nesting, errors.
#include "check.h"
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

static int ep;
static struct epoll_event out[16];
static int wait_now(void) { return epoll_wait(ep, out, 16, 0); }
static int control(int operation, int fd, uint32_t events, uint64_t data) {
  struct epoll_event e = {.events = events, .data.u64 = data};
  return epoll_ctl(ep, operation, fd, &e);
}
static int find(int count, uint64_t data) {
  for (int i = 0; i < count; i++)
    if (out[i].data.u64 == data) return (int)out[i].events;
  return -1;
}
static void* write_later(void* fd) {
  sleep_ms(50);
  CHECK(write((int)(intptr_t)fd, "12345678", 8) == 8);
  return NULL;
}

int main(void) {
  int a[2], s[2], event = eventfd(0, EFD_NONBLOCK);
  char b[100];
  uint64_t one = 1;
  ep = epoll_create1(EPOLL_CLOEXEC);
  REQUIRE(pipe(a) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0 && ep >= 0);
  SECTION("add and level");
  CHECK(control(EPOLL_CTL_ADD, a[0], EPOLLIN, 0x1122334455667788) == 0 && wait_now() == 0);
  CHECK(control(EPOLL_CTL_ADD, event, EPOLLIN, 2) == 0 && control(EPOLL_CTL_ADD, s[0], EPOLLIN, UINT64_MAX) == 0);
  CHECK(write(a[1], "x", 1) == 1 && wait_now() == 1 && out[0].data.u64 == 0x1122334455667788 &&
        out[0].events == EPOLLIN);
  CHECK(wait_now() == 1);
  CHECK(write(event, &one, 8) == 8 && write(s[1], "y", 1) == 1 && wait_now() == 3);
  CHECK(find(3, 2) == EPOLLIN && find(3, UINT64_MAX) == EPOLLIN && find(3, 0x1122334455667788) == EPOLLIN);
  CHECK(epoll_wait(ep, out, 1, 0) == 1 && epoll_wait(ep, out, 2, 0) == 2);
  CHECK(read(a[0], b, 100) == 1 && read(event, &one, 8) == 8 && read(s[0], b, 100) == 1 && wait_now() == 0);
  SECTION("modify");
  CHECK(control(EPOLL_CTL_MOD, s[0], EPOLLIN | EPOLLOUT, 33) == 0 && wait_now() == 1 && find(1, 33) == EPOLLOUT);
  CHECK(control(EPOLL_CTL_MOD, s[0], 0, 33) == 0 && wait_now() == 0);
  CHECK(control(EPOLL_CTL_MOD, a[0], EPOLLIN | EPOLLET, 10) == 0);
  CHECK(control(EPOLL_CTL_MOD, event, EPOLLIN | EPOLLET, 11) == 0);
  CHECK(control(EPOLL_CTL_MOD, s[0], EPOLLIN | EPOLLET, 12) == 0);
  SECTION("edge");
  CHECK(write(a[1], "x", 1) == 1 && write(event, &one, 8) == 8 && write(s[1], "y", 1) == 1);
  CHECK(wait_now() == 3 && wait_now() == 0);
  CHECK(write(a[1], "x", 1) == 1 && wait_now() == 1 && find(1, 10) == EPOLLIN && wait_now() == 0);
  CHECK(write(event, &one, 8) == 8 && wait_now() == 1 && find(1, 11) == EPOLLIN && wait_now() == 0);
  CHECK(write(s[1], "y", 1) == 1 && wait_now() == 1 && find(1, 12) == EPOLLIN && wait_now() == 0);
  CHECK(control(EPOLL_CTL_MOD, a[0], EPOLLIN | EPOLLET, 10) == 0 && wait_now() == 1);
  SECTION("one-shot");
  CHECK(control(EPOLL_CTL_MOD, a[0], EPOLLIN | EPOLLONESHOT, 10) == 0 && wait_now() == 1 && wait_now() == 0);
  CHECK(control(EPOLL_CTL_MOD, a[0], EPOLLIN | EPOLLONESHOT, 10) == 0 && wait_now() == 1 && wait_now() == 0);
  CHECK(control(EPOLL_CTL_MOD, s[0], EPOLLIN | EPOLLONESHOT, 12) == 0 && wait_now() == 1 && wait_now() == 0);
  CHECK(control(EPOLL_CTL_MOD, event, EPOLLIN | EPOLLONESHOT, 11) == 0 && wait_now() == 1 && wait_now() == 0);
  SECTION("delete and errors");
  CHECK(control(EPOLL_CTL_DEL, a[0], 0, 0) == 0);
  CHECK_ERRNO(control(EPOLL_CTL_DEL, a[0], 0, 0), ENOENT);
  CHECK_ERRNO(control(EPOLL_CTL_MOD, a[0], 0, 0), ENOENT);
  CHECK_ERRNO(control(EPOLL_CTL_ADD, s[0], EPOLLIN, 0), EEXIST);
  CHECK_ERRNO(control(EPOLL_CTL_ADD, ep, EPOLLIN, 0), EINVAL);
  CHECK_ERRNO(control(EPOLL_CTL_ADD, 99, EPOLLIN, 0), EBADF);
  CHECK_ERRNO(control(99, a[0], EPOLLIN, 0), EINVAL);
  int file = open("f", O_RDWR | O_CREAT, 0600);
  CHECK_ERRNO(control(EPOLL_CTL_ADD, file, EPOLLIN, 0), EPERM);
  CHECK_ERRNO(epoll_wait(ep, out, 0, 0), EINVAL);
  CHECK_ERRNO(epoll_wait(file, out, 1, 0), EINVAL);
  CHECK_ERRNO(epoll_create(0), EINVAL);
  CHECK(close(epoll_create(1)) == 0);
  SECTION("hang-up");
  CHECK(control(EPOLL_CTL_ADD, a[0], 0, 50) == 0 && read(a[0], b, 100) == 2 && wait_now() == 0);
  close(a[1]);
  CHECK(wait_now() == 1 && find(1, 50) == EPOLLHUP);
  CHECK(control(EPOLL_CTL_DEL, a[0], 0, 0) == 0);
  CHECK(read(s[0], b, 100) == 2 && control(EPOLL_CTL_MOD, s[0], EPOLLIN | EPOLLRDHUP, 60) == 0 &&
        shutdown(s[1], SHUT_WR) == 0);
  CHECK(wait_now() == 1 && find(1, 60) == (EPOLLIN | EPOLLRDHUP));
  SECTION("closing removes");
  close(s[0]), close(s[1]);
  CHECK(wait_now() == 0);
  SECTION("blocking, woken by each kind");
  pthread_t thread;
  REQUIRE(pipe(a) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
  int fds[3][2] = {{a[0], a[1]}, {event, event}, {s[0], s[1]}};
  CHECK(read(event, &one, 8) == 8 && control(EPOLL_CTL_DEL, event, 0, 0) == 0);
  for (uint64_t i = 0; i < 3; i++) CHECK(control(EPOLL_CTL_ADD, fds[i][0], EPOLLIN, i) == 0);
  for (uint64_t i = 0; i < 3; i++) {
    pthread_create(&thread, NULL, write_later, (void*)(intptr_t)fds[i][1]);
    CHECK(epoll_wait(ep, out, 16, 5000) == 1 && out[0].data.u64 == i);
    pthread_join(thread, NULL);
    CHECK(read(fds[i][0], b, 8) == 8);
  }
  SECTION("time-out");
  struct timespec begin;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  CHECK(epoll_wait(ep, out, 16, 50) == 0 && seconds_since(&begin) >= 0.049 && seconds_since(&begin) < 2);
  SECTION("nested");
  int outer = epoll_create1(0);
  struct epoll_event e = {.events = EPOLLIN, .data.u32 = 5};
  CHECK(epoll_ctl(outer, EPOLL_CTL_ADD, ep, &e) == 0 && epoll_wait(outer, out, 1, 0) == 0);
  CHECK(write(a[1], "x", 1) == 1 && epoll_wait(outer, out, 1, 1000) == 1 && out[0].data.u32 == 5);
  CHECK(read(a[0], b, 1) == 1 && epoll_wait(outer, out, 1, 0) == 0);
  CHECK(write(s[1], "x", 1) == 1 && epoll_wait(outer, out, 1, 1000) == 1);
  SECTION("duplicates");
  int copy = dup(a[0]);
  CHECK(control(EPOLL_CTL_ADD, copy, EPOLLIN, 77) == 0 && read(s[0], b, 1) == 1);
  CHECK(write(a[1], "x", 1) == 1 && wait_now() == 2 && find(2, 77) == EPOLLIN);
  SECTION("a timer's edge");
  const int edges = epoll_create1(0), timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  const struct itimerspec often = {{0, 10000000}, {0, 10000000}};
  struct epoll_event edge = {.events = EPOLLIN | EPOLLET};
  CHECK(epoll_ctl(edges, EPOLL_CTL_ADD, timer, &edge) == 0 && timerfd_settime(timer, 0, &often, NULL) == 0);
  CHECK(epoll_wait(edges, out, 1, 1000) == 1 && epoll_wait(edges, out, 1, 60) == 0);
  uint64_t expirations;
  CHECK(read(timer, &expirations, 8) == 8 && expirations > 4 && epoll_wait(edges, out, 1, 1000) == 1);
  return check_done();
}
