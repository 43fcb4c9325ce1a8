// SPDX-License-Identifier: Apache-2.0
// The library that dlopen.c loads.
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <unistd.h>

int plugin_counter = 7;
static __thread int plugin_local = 100;
int from_program(int x);

__attribute__((constructor)) static void construct(void) { plugin_counter += 10; }
int plugin_function(int x) { return from_program(x) + plugin_local++ + plugin_counter; }
long plugin_own_call(void) {
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"((long)SYS_getpid) : "rcx", "r11", "memory");
  return result;
}
