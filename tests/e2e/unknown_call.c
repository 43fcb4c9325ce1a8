// SPDX-License-Identifier: Apache-2.0
// Makes system calls that do not exist, twice each, and one that exists but is rarely served.
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
  for (int i = 0; i < 2; i++) {
    long result = syscall(1234);
    printf("%ld %d\n", result, errno);
  }
  for (int i = 0; i < 2; i++) printf("%ld\n", syscall(SYS_kexec_load, 0, 0, 0, 0) < 0 ? -1L : 0L);
  return 0;
}
