// SPDX-License-Identifier: Apache-2.0
// Every way to end a process and what its parent sees.
// build: pie static-pie
// case: return return
// case: exit exit
// case: _exit _exit
// case: thread thread
// case: last_thread last_thread
// case: abort abort
// case: segv segv
// case: kill kill
// case: term term
// case: fpe fpe
// case: ill ill
// case: trap trap
// case: bus bus
#include "check.h"

static void at_exit(void) { SAY("atexit handler"); }
static void* thread_exit(void* code) { exit((int)(intptr_t)code); }
static void* late_exit(void* unused) {
  sleep_ms(50);
  SAY("last thread");
  return unused;
}

int main(int argc, char** argv) {
  REQUIRE(argc == 2);
  const char* how = argv[1];
  atexit(at_exit);
  SAY("%s", how);
  pthread_t thread;
  if (strcmp(how, "return") == 0) return 42;
  if (strcmp(how, "exit") == 0) exit(255);
  if (strcmp(how, "_exit") == 0) _exit(7);
  if (strcmp(how, "thread") == 0) {
    pthread_create(&thread, NULL, thread_exit, (void*)(intptr_t)5);
    for (;;) pause();
  }
  if (strcmp(how, "last_thread") == 0) {
    pthread_create(&thread, NULL, late_exit, NULL);
    pthread_exit(NULL);
  }
  if (strcmp(how, "abort") == 0) abort();
  if (strcmp(how, "segv") == 0) *(volatile int*)8 = 1;
  if (strcmp(how, "kill") == 0) kill(getpid(), SIGKILL);
  if (strcmp(how, "term") == 0) raise(SIGTERM);
  if (strcmp(how, "fpe") == 0) {
    volatile int zero = 0;
    SAY("%d", 1 / zero);
  }
  if (strcmp(how, "ill") == 0) __asm__ volatile("ud2");
  if (strcmp(how, "trap") == 0) __asm__ volatile("int3");
  if (strcmp(how, "bus") == 0) {
    int fd = open("empty", O_RDWR | O_CREAT, 0600);
    volatile char* p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    *p = 1;
  }
  return 98;
}
