// SPDX-License-Identifier: Apache-2.0
// Crashes three calls deep, or in the C library when told so.
#include <stdlib.h>

__attribute__((noinline)) static int inner_function(volatile int* where) {
  *where = 1;
  return *where;
}
__attribute__((noinline)) static int middle_function(volatile int* where) { return inner_function(where) + 1; }
__attribute__((noinline)) int outer_function(int in_library) {
  if (in_library) abort();
  return middle_function((volatile int*)0x18) + 1;
}

int main(int argc, char** argv) {
  (void)argv;
  return outer_function(argc > 1) + 1;
}
