// SPDX-License-Identifier: Apache-2.0
// The 32-bit gate: inside it is refused as on a kernel that lacks it, by SIGSEGV.
// build: nopie pie
#include "check.h"
#include <setjmp.h>

static sigjmp_buf jump;
static void on_segv(int number) { siglongjmp(jump, number); }

int main(void) {
  signal(SIGSEGV, on_segv);
  signal(SIGSYS, on_segv);
  int number = sigsetjmp(jump, 1);
  if (number == 0) {
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(20L) : "r8", "r9", "r10", "r11", "memory");  // getpid
    SAY(result == getpid() || result == -ENOSYS ? "answered" : "FAILED wrong answer");
  } else {
    SAY("signal %d", number);
  }
  return check_done();
}
