// SPDX-License-Identifier: Apache-2.0
// A program's own `syscall` instructions, in every register situation, reach the kernel like libc's.
// build: pie nopie static static-pie musl
#include "check.h"

static long loop_sum;
// A site in the middle of a loop, followed at once by a jump target.
__attribute__((noinline)) static long in_loop(int n) {
  long sum = 0;
  __asm__ volatile("1: mov $39, %%eax\n syscall\n 2: add %%rax, %0\n dec %1\n jnz 1b\n"
                   : "+r"(sum), "+r"(n)
                   :
                   : "rax", "rcx", "r11", "cc", "memory");
  return sum;
}
// Two sites back to back, a jump to the second one.
__attribute__((noinline)) static long jump_into(int second) {
  long result;
  __asm__ volatile("mov $39, %%eax\n test %1, %1\n jnz 1f\n syscall\n mov $39, %%eax\n 1: syscall\n"
                   : "=&a"(result)
                   : "r"(second)
                   : "rcx", "r11", "cc", "memory");
  return result;
}
// The last instruction of a function, reached by a call.
__asm__(".text\n.globl tail_site\ntail_site:\n mov $39, %eax\n syscall\n ret\n");
long tail_site(void);
// The number comes from memory: not a constant that an analysis could know.
__attribute__((noinline)) static long by_number(volatile long* number) {
  return raw_syscall6(*number, 0, 0, 0, 0, 0, 0);
}

int main(void) {
  long pid = getpid();
  CHECK(raw_syscall6(SYS_getpid, 0, 0, 0, 0, 0, 0) == pid);
  loop_sum = in_loop(1000);
  CHECK(loop_sum == pid * 1000);
  CHECK(jump_into(0) == pid && jump_into(1) == pid);
  CHECK(tail_site() == pid);
  volatile long number = SYS_getpid;
  CHECK(by_number(&number) == pid);
  SECTION("six arguments");
  char* p = (char*)raw_syscall6(SYS_mmap, 0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK((unsigned long)p < (unsigned long)-4096 && p[0] == 0);
  SECTION("write");
  CHECK(raw_syscall6(SYS_write, 1, (long)"raw\n", 4, 0, 0, 0) == 4);
  SECTION("unknown numbers");
  long unknown[] = {600, 1000, 9999, 0x7fffffff, -1, 0x100000000 + 39};
  for (int i = 0; i < 6; i++)
    SAY("  %ld", raw_syscall6(unknown[i], 0, 0, 0, 0, 0, 0) == pid ? 39 : raw_syscall6(unknown[i], 0, 0, 0, 0, 0, 0));
  return check_done();
}
