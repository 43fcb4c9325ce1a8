// SPDX-License-Identifier: Apache-2.0
// Computes a marker from a seed (so that it crosses no boundary), keeps it on the heap, in registers of a waiting
// thread, on the stack, in a page that showed a file before, in memory that was given up and mapped again, and waits;
// on SIGUSR2-free ways: `abort` as second argument ends it by SIGABRT after a second.
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
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
static int keep_elsewhere(const char* program) {
  enum { kPage = 4096, kPages = 16 };
  const int file = open(program, O_RDONLY);
  volatile char* shown = mmap(NULL, kPage, PROT_READ, MAP_PRIVATE, file, 0);
  if (file < 0 || shown == MAP_FAILED || shown[1] != 'E' || mprotect((void*)shown, kPage, PROT_READ | PROT_WRITE) != 0)
    return 0;
  memcpy((char*)shown + 512, heap, kSize);
  for (int round = 0; round < 2; round++) {
    char* again = mmap(NULL, kPages * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (again == MAP_FAILED) return 0;
    for (int i = 0; i < kPages; i++) memcpy(again + i * kPage, heap, kSize);
    if (round == 0) munmap(again, kPages / 2 * kPage);
  }
  return 1;
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
  if (!keep_elsewhere(argv[0])) return 4;
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
