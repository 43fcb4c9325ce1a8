// SPDX-License-Identifier: Apache-2.0
// Comes to a part of its own file that nothing reads before its input says so.
#include <stdio.h>

__attribute__((aligned(65536))) static const char before[1 << 20] = {1};
__attribute__((aligned(65536))) static const char text[65536] = "late answer";
__attribute__((aligned(65536))) static const char after[1 << 20] = {1};

int main(int argc, char** argv) {
  (void)argv;
  puts("ready");
  fflush(stdout);
  if (getchar() == EOF) return 1;
  puts(&text[argc - 1]);
  return before[argc + 5] + after[argc + 5];
}
