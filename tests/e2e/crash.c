// SPDX-License-Identifier: Apache-2.0
// Crashes three calls deep: by itself, or as the argument says in the C library, in a function that the C library calls
// back, in a signal handler, on a signal stack of its own, by a call to where nothing is, or with its stack
// overwritten.
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static volatile int* volatile nowhere = (volatile int*)0x18;
static volatile int zero;

__attribute__((noinline)) static int inner_function(volatile int* where) {
  *where = 1;
  return *where;
}
__attribute__((noinline)) static int middle_function(volatile int* where) { return inner_function(where) + 1; }

__attribute__((noinline)) static int compare_function(const void* left, const void* right) {
  return middle_function(nowhere) + *(const int*)left - *(const int*)right;
}
__attribute__((noinline)) static void handler_function(int number) { zero = middle_function(nowhere) + number; }
__attribute__((noinline)) static void smashing_function(void) {
  volatile char* frame = __builtin_frame_address(0);
  for (int i = 0; i < 64; i++) frame[i] = 0x41;  // the return address among them
  *nowhere = 1;
}
static void handle(int flags) {
  static char stack[65536];
  const stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
  struct sigaction action = {.sa_handler = handler_function, .sa_flags = flags};
  sigemptyset(&action.sa_mask);
  sigaltstack(&alternate, NULL);
  sigaction(SIGUSR1, &action, NULL);
}

__attribute__((noinline)) int outer_function(const char* how) {
  int values[] = {2, 1, 3};
  int (*volatile nothing)(int) = (int (*)(int))0x1000;
  if (strcmp(how, "library") == 0) abort();
  if (strcmp(how, "callback") == 0) qsort(values, 3, sizeof values[0], compare_function);
  if (strncmp(how, "handler", 7) == 0) handle(how[7] != 0 ? SA_ONSTACK : 0), raise(SIGUSR1);
  if (strcmp(how, "nowhere") == 0) return nothing(values[1]) + 1;
  if (strcmp(how, "smashed") == 0) smashing_function();
  return middle_function(nowhere) + values[0];
}

int main(int argc, char** argv) { return outer_function(argc > 1 ? argv[1] : "itself") + 1; }
