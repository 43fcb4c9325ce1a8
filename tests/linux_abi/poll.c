// SPDX-License-Identifier: Apache-2.0
// poll, ppoll, select and pselect over mixed descriptors.
#include "check.h"
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/socket.h>

static void* write_later(void* fd) {
  sleep_ms(50);
  CHECK(write((int)(intptr_t)fd, "12345678", 8) == 8);
  return NULL;
}

int main(void) {
  int a[2], s[2], event = eventfd(0, EFD_NONBLOCK), file = open("f", O_RDWR | O_CREAT, 0600);
  REQUIRE(pipe(a) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
  SECTION("poll");
  struct pollfd p[6] = {{a[0], POLLIN, 0},
                        {s[0], POLLIN | POLLOUT, 0},
                        {event, POLLIN | POLLOUT, 0},
                        {file, POLLIN | POLLOUT, 0},
                        {-1, POLLIN, 99},
                        {500, POLLIN, 0}};
  CHECK(poll(p, 6, 0) == 4);
  for (int i = 0; i < 6; i++) SAY("  %d: %#x", i, p[i].revents);
  CHECK(poll(NULL, 0, 0) == 0);
  struct timespec begin;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  CHECK(poll(p, 1, 40) == 0 && seconds_since(&begin) >= 0.039 && seconds_since(&begin) < 2);
  SECTION("woken by each kind");
  int fds[3][2] = {{a[0], a[1]}, {s[0], s[1]}, {event, event}};
  char b[8];
  pthread_t thread;
  for (int i = 0; i < 3; i++) {
    struct pollfd q[3] = {{a[0], POLLIN, 0}, {s[0], POLLIN, 0}, {event, POLLIN, 0}};
    pthread_create(&thread, NULL, write_later, (void*)(intptr_t)fds[i][1]);
    CHECK(poll(q, 3, 5000) == 1 && q[i].revents == POLLIN);
    pthread_join(thread, NULL);
    CHECK(read(fds[i][0], b, 8) == 8);
  }
  SECTION("ppoll");
  struct timespec t = {0, 30000000};
  clock_gettime(CLOCK_MONOTONIC, &begin);
  CHECK(ppoll(p, 1, &t, NULL) == 0 && seconds_since(&begin) >= 0.03);
  SECTION("select");
  fd_set r, w;
  FD_ZERO(&r);
  FD_ZERO(&w);
  FD_SET(a[0], &r);
  FD_SET(s[0], &r);
  FD_SET(event, &r);
  FD_SET(s[0], &w);
  FD_SET(a[1], &w);
  struct timeval tv = {0, 0};
  CHECK(select(s[1] + 1, &r, &w, NULL, &tv) == 2 && FD_ISSET(s[0], &w) && FD_ISSET(a[1], &w) && !FD_ISSET(a[0], &r));
  CHECK(write(a[1], "x", 1) == 1);
  FD_ZERO(&r);
  FD_SET(a[0], &r);
  FD_SET(s[0], &r);
  tv.tv_sec = 5;
  CHECK(select(s[1] + 1, &r, NULL, NULL, &tv) == 1 && FD_ISSET(a[0], &r) && !FD_ISSET(s[0], &r) && tv.tv_sec <= 5);
  CHECK(read(a[0], b, 1) == 1);
  FD_ZERO(&r);
  FD_SET(a[0], &r);
  tv.tv_sec = 0, tv.tv_usec = 30000;
  CHECK(select(a[0] + 1, &r, NULL, NULL, &tv) == 0 && tv.tv_usec == 0 && !FD_ISSET(a[0], &r));
  FD_ZERO(&r);
  int closed = dup(0);
  close(closed);
  FD_SET(closed, &r);
  CHECK_ERRNO(select(closed + 1, &r, NULL, NULL, &tv), EBADF);
  CHECK_ERRNO(select(-1, NULL, NULL, NULL, &tv), EINVAL);
  SECTION("pselect");
  FD_ZERO(&r);
  FD_SET(a[0], &r);
  CHECK(pselect(a[0] + 1, &r, NULL, NULL, &t, NULL) == 0);
  SECTION("errors");
  CHECK_ERRNO(poll(p, 1u << 30, 0), EINVAL);
  SECTION("hang-up");
  close(s[1]);
  p[1].events = POLLIN | POLLRDHUP;
  CHECK(poll(p + 1, 1, 0) == 1);
  SAY("%#x", p[1].revents);
  return check_done();
}
