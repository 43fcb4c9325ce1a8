// SPDX-License-Identifier: Apache-2.0
// signalfd: blocked signals are read as records, poll and epoll see them, the set can be changed.
#include "check.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/time.h>

static void* send_later(void* unused) {
  sleep_ms(50);
  kill(getpid(), SIGUSR1);
  return unused;
}

int main(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigaddset(&set, SIGUSR2);
  sigaddset(&set, SIGRTMIN);
  sigaddset(&set, SIGALRM);
  sigprocmask(SIG_BLOCK, &set, NULL);
  int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  REQUIRE(fd >= 0);
  CHECK((fcntl(fd, F_GETFD) & FD_CLOEXEC) && (fcntl(fd, F_GETFL) & O_NONBLOCK));
  struct signalfd_siginfo info[4];
  SECTION("nothing pending");
  CHECK_ERRNO(read(fd, info, sizeof info), EAGAIN);
  CHECK_ERRNO(read(fd, info, 100), EINVAL);
  struct pollfd p = {fd, POLLIN, 0};
  CHECK(poll(&p, 1, 0) == 0);
  SECTION("records");
  union sigval value = {.sival_int = 321};
  raise(SIGUSR2);
  CHECK(sigqueue(getpid(), SIGRTMIN, value) == 0 && sigqueue(getpid(), SIGRTMIN, value) == 0);
  CHECK(poll(&p, 1, 0) == 1 && p.revents == POLLIN);
  CHECK(read(fd, info, sizeof info) == 3 * sizeof info[0]);
  CHECK(info[0].ssi_signo == SIGUSR2 && info[0].ssi_pid == (uint32_t)getpid() && info[0].ssi_code == SI_TKILL);
  CHECK(info[1].ssi_signo == (uint32_t)SIGRTMIN && info[1].ssi_int == 321 && info[1].ssi_code == SI_QUEUE);
  CHECK(poll(&p, 1, 0) == 0);
  SECTION("blocking read");
  int blocking = signalfd(-1, &set, 0);
  pthread_t thread;
  pthread_create(&thread, NULL, send_later, NULL);
  CHECK(read(blocking, info, sizeof info) == sizeof info[0] && info[0].ssi_signo == SIGUSR1);
  pthread_join(thread, NULL);
  SECTION("epoll");
  int epoll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.u64 = 7};
  CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0 && epoll_wait(epoll, &event, 1, 0) == 0);
  pthread_create(&thread, NULL, send_later, NULL);
  CHECK(epoll_wait(epoll, &event, 1, 5000) == 1 && event.data.u64 == 7);
  CHECK(read(fd, info, sizeof info) == sizeof info[0]);
  pthread_join(thread, NULL);
  SECTION("timer");
  struct itimerval t = {{0, 0}, {0, 10000}};
  setitimer(ITIMER_REAL, &t, NULL);
  CHECK(poll(&p, 1, 5000) == 1 && read(fd, info, sizeof info) == sizeof info[0] && info[0].ssi_signo == SIGALRM);
  SECTION("another set");
  sigdelset(&set, SIGUSR1);
  CHECK(signalfd(fd, &set, 0) == fd);
  raise(SIGUSR1);
  CHECK_ERRNO(read(fd, info, sizeof info), EAGAIN);
  CHECK(read(blocking, info, sizeof info) == sizeof info[0]);
  CHECK_ERRNO(signalfd(0, &set, 0), EINVAL);
  CHECK_ERRNO(signalfd(99, &set, 0), EBADF);
  CHECK_ERRNO(signalfd(-1, &set, 0x40), EINVAL);
  return check_done();
}
