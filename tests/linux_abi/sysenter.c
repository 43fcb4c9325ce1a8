// SPDX-License-Identifier: Apache-2.0
// SYSENTER in 64-bit code: SIGSEGV or SIGILL natively (depends on the CPU), never a way to the host inside.
#include "check.h"
#include <setjmp.h>

static sigjmp_buf jump;
static void on_fault(int number) { siglongjmp(jump, number); }

int main(void) {
  static char stack[65536];
  stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
  sigaltstack(&alternate, NULL);
  struct sigaction action = {.sa_handler = on_fault, .sa_flags = SA_ONSTACK};
  int signals[] = {SIGSEGV, SIGILL, SIGSYS, SIGBUS};
  for (int i = 0; i < 4; i++) sigaction(signals[i], &action, NULL);
  int number = sigsetjmp(jump, 1);
  if (number == 0) {
    __asm__ volatile("mov $20, %%eax\n xor %%ebp, %%ebp\n sysenter" : : : "rax", "memory");
    SAY("FAILED came back");
  }
  SAY(number == SIGSEGV || number == SIGILL || number == SIGSYS || number == SIGBUS ? "refused" : "FAILED");
  return check_done();
}
