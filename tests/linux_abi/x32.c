// SPDX-License-Identifier: Apache-2.0
// Numbers of the x32 interface are not system calls here.
#include "check.h"

int main(void) {
  long numbers[] = {0x40000000 + SYS_getpid, 0x40000000 + SYS_write, 0x40000000 + 512, 0x40000000 + 547};
  for (int i = 0; i < 4; i++) SAY("%ld", raw_syscall6(numbers[i], 1, 0, 0, 0, 0, 0));
  return check_done();
}
