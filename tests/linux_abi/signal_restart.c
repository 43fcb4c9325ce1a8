// SPDX-License-Identifier: Apache-2.0
// Which blocking calls end with EINTR and which are restarted; another thread sends the signal.
#include "check.h"
#include <poll.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>

static pthread_t main_thread;
static int pipes[2];
static volatile int handled;
static void handler(int number) {
  (void)number;
  handled++;
}
static void* interrupter(void* unused) {
  (void)unused;
  sleep_ms(60);
  pthread_kill(main_thread, SIGUSR1);
  return NULL;
}
static void* interrupt_then_write(void* fd) {
  sleep_ms(60);
  pthread_kill(main_thread, SIGUSR1);
  sleep_ms(60);
  CHECK(write((int)(intptr_t)fd, "x", 1) == 1);
  return NULL;
}
static void set(int flags) {
  struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
  sigaction(SIGUSR1, &action, NULL);
}
static pthread_t start(void* (*function)(void*), int fd) {
  pthread_t thread;
  handled = 0;
  REQUIRE(pthread_create(&thread, NULL, function, (void*)(intptr_t)fd) == 0);
  return thread;
}
#define INTERRUPTED(name, call)           \
  do {                                    \
    SECTION(name);                        \
    pthread_t t_ = start(interrupter, 0); \
    CHECK_ERRNO(call, EINTR);             \
    CHECK(handled == 1);                  \
    pthread_join(t_, NULL);               \
  } while (0)

int main(void) {
  main_thread = pthread_self();
  REQUIRE(pipe(pipes) == 0);
  int sockets[2], epoll = epoll_create1(0);
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0);
  char byte;
  struct pollfd poll_fd = {pipes[0], POLLIN, 0};
  struct epoll_event event = {.events = EPOLLIN};
  epoll_ctl(epoll, EPOLL_CTL_ADD, pipes[0], &event);
  struct timespec long_time = {20, 0}, left;
  SAY("without SA_RESTART");
  set(0);
  INTERRUPTED("read pipe", read(pipes[0], &byte, 1));
  INTERRUPTED("recv", recv(sockets[0], &byte, 1, 0));
  INTERRUPTED("poll", poll(&poll_fd, 1, -1));
  INTERRUPTED("epoll_wait", epoll_wait(epoll, &event, 1, -1));
  fd_set fds;
  FD_ZERO(&fds);
  FD_SET(pipes[0], &fds);
  INTERRUPTED("select", select(pipes[0] + 1, &fds, NULL, NULL, NULL));
  INTERRUPTED("nanosleep", nanosleep(&long_time, &left));
  CHECK(left.tv_sec == 19);
  INTERRUPTED("pause", pause());
  SECTION("clock_nanosleep");
  pthread_t t = start(interrupter, 0);
  CHECK(clock_nanosleep(CLOCK_MONOTONIC, 0, &long_time, &left) == EINTR && left.tv_sec == 19);
  pthread_join(t, NULL);
  SAY("with SA_RESTART");
  set(SA_RESTART);
  SECTION("read pipe");
  t = start(interrupt_then_write, pipes[1]);
  CHECK(read(pipes[0], &byte, 1) == 1 && byte == 'x' && handled == 1);
  pthread_join(t, NULL);
  SECTION("recv");
  t = start(interrupt_then_write, sockets[1]);
  CHECK(recv(sockets[0], &byte, 1, 0) == 1 && byte == 'x' && handled == 1);
  pthread_join(t, NULL);
  INTERRUPTED("poll", poll(&poll_fd, 1, -1));
  INTERRUPTED("epoll_wait", epoll_wait(epoll, &event, 1, -1));
  INTERRUPTED("nanosleep", nanosleep(&long_time, &left));
  SECTION("futex wait is restarted");
  sem_t semaphore;
  sem_init(&semaphore, 0, 0);
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += 1;
  t = start(interrupter, 0);
  CHECK(sem_timedwait(&semaphore, &until) == -1 && (errno == ETIMEDOUT || errno == EINTR) && handled == 1);
  pthread_join(t, NULL);
  return check_done();
}
