// SPDX-License-Identifier: Apache-2.0
// The smallest program, linked in every way.
// build: static static-pie musl pie nopie
#include <stdio.h>

int main(void) {
  puts("hello");
  return 0;
}
