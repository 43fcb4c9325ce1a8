// SPDX-License-Identifier: Apache-2.0
// Makes system calls that do not exist, twice each, and one that exists but is rarely served.
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
  for (int i = 0; i < 2; i++) printf("%ld %d\n", syscall(1234), errno);
  for (int i = 0; i < 2; i++) printf("%ld\n", syscall(SYS_kexec_load, 0, 0, 0, 0) < 0 ? -1L : 0L);
  return 0;
}
