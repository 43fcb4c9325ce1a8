// SPDX-License-Identifier: Apache-2.0
// Threads that wait for each other, timers and memory that comes and goes. Only the host's wake-ups can go wrong; who
// was woken and what was counted is decided inside.
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int turn, total;
static volatile sig_atomic_t alarms;

static void on_alarm(int number) {
  (void)number;
  alarms++;
}

static void* worker(void* argument) {
  const int mine = (int)(long)argument;
  for (int round = 0; round < 5; round++) {
    pthread_mutex_lock(&mutex);
    while (turn % 2 != mine) pthread_cond_wait(&changed, &mutex);
    total += mine + 1;
    turn++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
  }
  return NULL;
}

// Memory that comes back at the same place holds zeroes, whatever the host says of its pages.
static void check_new_memory(const char* what, char* (*get)(size_t), void (*give_back)(char*, size_t)) {
  enum { kSize = 1 << 18 };
  for (int round = 0; round < 3; round++) {
    char* memory = get(kSize);
    if (memory == NULL) {
      printf("error: %s\n", what);
      exit(3);
    }
    for (int i = 0; i < kSize; i++)
      if (memory[i] != 0) {
        printf("%s: byte %d of new memory is %d\n", what, i, memory[i]);
        exit(4);
      }
    memset(memory, 7, kSize);
    give_back(memory, kSize);
  }
}
static char* grow(size_t size) {
  char* memory = sbrk((intptr_t)size);
  return memory == (char*)-1 ? NULL : memory;
}
static void shrink(char* memory, size_t size) {
  (void)memory;
  if (sbrk(-(intptr_t)size) == (char*)-1) {
    puts("error: sbrk");
    exit(3);
  }
}
static char* map(size_t size) {
  char* memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? NULL : memory;
}
static void unmap(char* memory, size_t size) {
  if (munmap(memory, size) != 0) {
    puts("error: munmap");
    exit(3);
  }
}

// The handler's frame is the first thing that its stack holds: the host may have no page for it.
static void handle_alarm_on_new_stack(void) {
  enum { kSize = 1 << 16 };
  void* const memory = mmap(NULL, kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  const stack_t stack = {.ss_sp = memory, .ss_size = kSize};
  const struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_ONSTACK};
  if (memory == MAP_FAILED || sigaltstack(&stack, NULL) != 0 || sigaction(SIGALRM, &action, NULL) != 0) {
    puts("error: sigaltstack");
    exit(3);
  }
}

int main(void) {
  handle_alarm_on_new_stack();
  pthread_t threads[2];
  for (long i = 0; i < 2; i++)
    if (pthread_create(&threads[i], NULL, worker, (void*)i) != 0) {
      puts("error: pthread_create");
      exit(3);
    }
  for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
  printf("%d in %d turns\n", total, turn);
  char* memory = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    puts("error: mmap");
    exit(3);
  }
  memset(memory, 7, 1 << 20);
  if (mprotect(memory, 4096, PROT_READ) != 0 || munmap(memory, 1 << 19) != 0) {
    puts("error: memory");
    exit(3);
  }
  int sum = 0;
  for (int i = 1 << 19; i < 1 << 20; i += 4096) sum += memory[i];
  printf("sum %d\n", sum);
  check_new_memory("brk", grow, shrink);
  check_new_memory("mmap", map, unmap);
  struct itimerval once = {{0, 0}, {0, 10000}};
  if (setitimer(ITIMER_REAL, &once, NULL) != 0) {
    puts("error: setitimer");
    exit(3);
  }
  const struct timespec pause = {0, 2000000};
  for (int i = 0; i < 1000 && alarms == 0; i++) nanosleep(&pause, NULL);
  printf("%d alarms\n", (int)alarms);
  puts("done");
  return fflush(stdout) == 0 ? 0 : 3;
}
