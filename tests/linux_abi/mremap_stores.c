// SPDX-License-Identifier: Apache-2.0
// What another thread stores to memory that is just being moved is in the memory afterwards, or faults.
#include "check.h"
#include <setjmp.h>

enum { kWriters = 2, kPages = 64, kMoves = 2000 };
static const size_t kSize = kPages * 4096;
static char* places[2];
static volatile int current, is_over;
static __thread sigjmp_buf before_store;

static void on_fault(int number) {
  (void)number;
  siglongjmp(before_store, 1);
}

static void* count(void* argument) {
  const size_t offset = (uintptr_t)argument;
  volatile unsigned long last = 0;
  sigsetjmp(before_store, 1);
  while (!is_over) {
    volatile unsigned long* const at = (volatile unsigned long*)(places[current] + offset);
    if (*at != last) {
      SAY("FAILED a store is lost");
      exit(1);
    }
    const unsigned long next = last + 1;
    *at = next;
    last = next;
  }
  return NULL;
}

int main(void) {
  SECTION("stores while memory moves");
  const int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  places[0] = mmap(NULL, kSize, PROT_READ | PROT_WRITE, kFlags, -1, 0);
  places[1] = mmap(NULL, kSize, PROT_NONE, kFlags, -1, 0);
  REQUIRE(places[0] != MAP_FAILED && places[1] != MAP_FAILED);
  const struct sigaction action = {.sa_handler = on_fault, .sa_flags = SA_NODEFER};
  sigaction(SIGSEGV, &action, NULL);
  pthread_t writers[kWriters];
  for (uintptr_t i = 0; i < kWriters; i++)
    REQUIRE(pthread_create(&writers[i], NULL, count, (void*)((i * 30 + 1) * 4096)) == 0);
  for (int i = 0; i < kMoves; i++) {
    const int old = current;
    REQUIRE(mremap(places[old], kSize, kSize, MREMAP_MAYMOVE | MREMAP_FIXED, places[!old]) == places[!old]);
    REQUIRE(mmap(places[old], kSize, PROT_NONE, kFlags | MAP_FIXED, -1, 0) == places[old]);
    current = !old;
    usleep(100);
  }
  is_over = 1;
  for (int i = 0; i < kWriters; i++) pthread_join(writers[i], NULL);
  return check_done();
}
