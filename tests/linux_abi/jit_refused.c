// SPDX-License-Identifier: Apache-2.0
// Without insecure_dynamic_code, memory that was written never becomes executable.
#include "check.h"

int main(void) {
  unsigned char* p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  p[0] = 0xc3;
  if (mprotect(p, 4096, PROT_READ | PROT_EXEC) == 0) {
    SAY("allowed");
  } else {
    SAY("refused %d", errno);
  }
  return check_done();
}
