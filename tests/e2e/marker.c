// SPDX-License-Identifier: Apache-2.0
// Computes a marker from a seed (so that it crosses no boundary), keeps it on the heap, in registers of a waiting
// thread and on the stack, and waits; on SIGUSR2-free ways: `abort` as second argument ends it by SIGABRT after a
// second.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { kSize = 64 };
static char* heap;
static void compute(const char* seed, char* out) {
  unsigned long state = 1469598103934665603ul;
  for (const char* c = seed; *c; c++) state = (state ^ (unsigned char)*c) * 1099511628211ul;
  for (int i = 0; i < kSize; i++) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    out[i] = (char)('A' + (state >> 20) % 26);
  }
}
static void* wait_with_registers(void* unused) {
  // 16 bytes of the marker stay in a vector register across a blocking system call.
  __asm__ volatile("movups (%0), %%xmm12\n mov $34, %%eax\n syscall"
                   :
                   : "r"(heap)
                   : "rax", "rcx", "r11", "xmm12", "memory");
  return unused;
}

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  char stack[kSize + 1] = {0};
  heap = calloc(1, 4096);
  compute(argv[1], heap);
  memcpy(stack, heap, kSize);
  pthread_t thread;
  pthread_create(&thread, NULL, wait_with_registers, NULL);
  printf("ready\n");
  fflush(stdout);
  if (argc > 2 && strcmp(argv[2], "abort") == 0) {
    sleep(1);
    abort();
  }
  for (;;) {
    sleep(1);
    if (memcmp(stack, heap, kSize)) return 3;
  }
}
