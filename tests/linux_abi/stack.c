// SPDX-License-Identifier: Apache-2.0
// The main stack grows to several MiB; its end is a fault that an alternate stack can take; threads have their own.
#include "check.h"
#include <setjmp.h>

static sigjmp_buf jump;
static void on_segv(int number) { siglongjmp(jump, number); }

__attribute__((noinline)) static long recurse(long depth) {
  volatile char frame[1024];
  frame[depth % 1024] = (char)depth;
  if (depth == 0) return 0;
  return recurse(depth - 1) + frame[depth % 1024] * 0 + 1;
}

__attribute__((noinline)) static long endless(volatile char* parent) {
  volatile char frame[4096];
  frame[0] = parent[0];
  return endless(frame) + frame[0];
}

static void* in_thread(void* unused) {
  (void)unused;
  return (void*)recurse(400);
}

int main(void) {
  SECTION("5 MiB deep");
  CHECK(recurse(5000) == 5000);
  SECTION("big array");
  volatile char big[1 << 20];
  memset((void*)big, 4, sizeof big);
  CHECK(big[123456] == 4);
  SECTION("overflow is taken on the alternate stack");
  static char alternate[65536];
  stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
  CHECK(sigaltstack(&stack, NULL) == 0);
  struct sigaction action = {.sa_handler = on_segv, .sa_flags = SA_ONSTACK};
  sigaction(SIGSEGV, &action, NULL);
  int number = sigsetjmp(jump, 1);
  if (number == 0) {
    char first[1] = {0};
    endless(first);
  }
  CHECK(number == SIGSEGV);
  SECTION("small thread stack");
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  CHECK(pthread_attr_setstacksize(&attributes, 1 << 20) == 0);
  pthread_t thread;
  void* result;
  CHECK(pthread_create(&thread, &attributes, in_thread, NULL) == 0 && pthread_join(thread, &result) == 0);
  CHECK(result == (void*)400);
  SECTION("own stack for a thread");
  void* own = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(pthread_attr_setstack(&attributes, own, 1 << 20) == 0);
  CHECK(pthread_create(&thread, &attributes, in_thread, NULL) == 0 && pthread_join(thread, &result) == 0);
  CHECK(result == (void*)400);
  SECTION("pthread_getattr_np of the main thread");
  size_t size = 0;
  void* low = NULL;
  CHECK(pthread_getattr_np(pthread_self(), &attributes) == 0);
  CHECK(pthread_attr_getstack(&attributes, &low, &size) == 0);
  char here;
  CHECK((char*)low < &here && &here < (char*)low + size);
  return check_done();
}
