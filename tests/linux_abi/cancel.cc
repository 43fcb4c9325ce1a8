// SPDX-License-Identifier: Apache-2.0
// pthread_cancel of threads that block in system calls: the stack is unwound and destructors run.
// build: pie static
#include <sys/epoll.h>
#include <sys/socket.h>
#include <poll.h>
#include <semaphore.h>

#include "check.h"

static int pipes[2];
static int destroyed, cleaned;
struct Guard {
  ~Guard() { destroyed++; }
};
static void cleanup(void*) { cleaned++; }

__attribute__((noinline)) static void block(int how) {
  Guard guard;
  char byte;
  struct pollfd p = {pipes[0], POLLIN, 0};
  struct epoll_event event;
  int epoll = -1, sockets[2];
  sem_t semaphore;
  switch (how) {
    case 0: (void)!read(pipes[0], &byte, 1); break;
    case 1: poll(&p, 1, -1); break;
    case 2: sleep(100); break;
    case 3: pause(); break;
    case 4:
      epoll = epoll_create1(0);
      epoll_wait(epoll, &event, 1, -1);
      break;
    case 5:
      socketpair(AF_UNIX, SOCK_STREAM, 0, sockets);
      recv(sockets[0], &byte, 1, 0);
      break;
    case 6:
      sem_init(&semaphore, 0, 0);
      sem_wait(&semaphore);
      break;
  }
  SAY("FAILED came back from %d", how);
}
static void* body(void* how) {
  pthread_cleanup_push(cleanup, nullptr);
  Guard outer;
  block(static_cast<int>(reinterpret_cast<intptr_t>(how)));
  pthread_cleanup_pop(0);
  return nullptr;
}
static void* disabled(void*) {
  int old;
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
  sleep_ms(100);
  pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &old);
  pthread_testcancel();
  return nullptr;
}
static void* spin(void*) {
  pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, nullptr);
  for (;;) __asm__ volatile("pause");
  return nullptr;
}

int main() {
  REQUIRE(pipe(pipes) == 0);
  static const char* names[] = {"read", "poll", "sleep", "pause", "epoll_wait", "recv", "sem_wait"};
  for (intptr_t how = 0; how < 7; how++) {
    SECTION(names[how]);
    destroyed = cleaned = 0;
    pthread_t thread;
    REQUIRE(pthread_create(&thread, nullptr, body, reinterpret_cast<void*>(how)) == 0);
    sleep_ms(30);
    void* result;
    CHECK(pthread_cancel(thread) == 0 && pthread_join(thread, &result) == 0);
    CHECK(result == PTHREAD_CANCELED);
    SAY("destroyed %d cleaned %d", destroyed, cleaned);
  }
  SECTION("cancelled before it blocks");
  for (int i = 0; i < 200; i++) {
    pthread_t thread;
    void* result;
    REQUIRE(pthread_create(&thread, nullptr, body, nullptr) == 0);
    CHECK(pthread_cancel(thread) == 0 && pthread_join(thread, &result) == 0 && result == PTHREAD_CANCELED);
  }
  SECTION("disabled for a while");
  pthread_t thread;
  void* result;
  pthread_create(&thread, nullptr, disabled, nullptr);
  sleep_ms(10);
  CHECK(pthread_cancel(thread) == 0 && pthread_join(thread, &result) == 0 && result == PTHREAD_CANCELED);
  SECTION("asynchronous");
  pthread_create(&thread, nullptr, spin, nullptr);
  sleep_ms(10);
  CHECK(pthread_cancel(thread) == 0 && pthread_join(thread, &result) == 0 && result == PTHREAD_CANCELED);
  return check_done();
}
