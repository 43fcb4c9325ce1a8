// SPDX-License-Identifier: Apache-2.0
// An exception thrown in a handler goes through the interrupted call and the frames below it.
// flags: -fnon-call-exceptions -fasynchronous-unwind-tables
#include <stdexcept>

#include "check.h"

static int destroyed;
struct Guard {
  ~Guard() { destroyed++; }
};
static void thrower(int number) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, number);
  sigprocmask(SIG_UNBLOCK, &set, nullptr);
  throw number;
}
static pthread_t main_thread;
static void* send(void* unused) {
  sleep_ms(50);
  pthread_kill(main_thread, SIGUSR1);
  return unused;
}
__attribute__((noinline)) static int divide(int a, volatile int* b) {
  Guard guard;
  return a / *b;
}
__attribute__((noinline)) static void block(int fd) {
  Guard guard;
  char byte;
  raw_syscall6(SYS_read, fd, reinterpret_cast<long>(&byte), 1, 0, 0, 0);
}

int main() {
  signal(SIGFPE, thrower);
  signal(SIGSEGV, thrower);
  signal(SIGUSR1, thrower);
  SECTION("division");
  volatile int zero = 0;
  for (int i = 0; i < 3; i++) {
    try {
      SAY("%d", divide(1, &zero));
    } catch (int number) {
      SAY("signal %d destroyed %d", number, destroyed);
    }
  }
  SECTION("null pointer");
  try {
    Guard guard;
    *reinterpret_cast<volatile int*>(8) = 1;
  } catch (int number) {
    SAY("signal %d destroyed %d", number, destroyed);
  }
  SECTION("blocking call");
  int pipes[2];
  REQUIRE(pipe(pipes) == 0);
  main_thread = pthread_self();
  pthread_t thread;
  pthread_create(&thread, nullptr, send, nullptr);
  try {
    block(pipes[0]);
  } catch (int number) {
    SAY("signal %d destroyed %d", number, destroyed);
  }
  pthread_join(thread, nullptr);
  return check_done();
}
