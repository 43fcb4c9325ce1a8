// SPDX-License-Identifier: Apache-2.0
// Threads made by clone and clone3 without a library: the child starts with the parent's registers, the parent's
// floating-point state and its own stack; ids are stored and cleared as asked.

// flags: -mno-red-zone
#include "check.h"
#include <linux/futex.h>
#include <linux/sched.h>

static volatile int parent_tid, child_tid, clear_tid, child_saw, registers_right;
static char stack[65536] __attribute__((aligned(16)));
static const unsigned long kFlags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |
                                    CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID;

__attribute__((used)) static void child(void) {
  child_saw = parent_tid;
  raw_syscall6(SYS_exit, 0, 0, 0, 0, 0, 0);
}
// Both calls: in the child RBX, RBP, R12 to R15, R8 and R9 are the parent's.
#define CHILD_PATH                                                                   \
  "test %%rax, %%rax\n jnz 2f\n"                                                     \
  "cmp $101, %%rbx\n jne 1f\n cmp $103, %%r12\n jne 1f\n cmp $106, %%r15\n jne 1f\n" \
  "movl $1, registers_right(%%rip)\n 1: xor %%ebp, %%ebp\n call child\n ud2\n 2:\n"

static long by_clone(void) {
  long result;
  register long r10 __asm__("r10") = (long)&clear_tid;
  register long r8 __asm__("r8") = 0;
  __asm__ volatile(
      "push %%rbx\n push %%r12\n push %%r15\n mov $101, %%rbx\n mov $103, %%r12\n mov $106, %%r15\n"
      "syscall\n" CHILD_PATH "pop %%r15\n pop %%r12\n pop %%rbx\n"
      : "=a"(result)
      : "a"((long)SYS_clone), "D"(kFlags), "S"(stack + sizeof stack), "d"(&parent_tid), "r"(r10), "r"(r8)
      : "rcx", "r11", "memory", "cc");
  return result;
}
static long by_clone3(unsigned long size) {
  struct clone_args arguments = {.flags = kFlags,
                                 .parent_tid = (uintptr_t)&parent_tid,
                                 .child_tid = (uintptr_t)&clear_tid,
                                 .stack = (uintptr_t)stack,
                                 .stack_size = sizeof stack};
  long result;
  __asm__ volatile(
      "push %%rbx\n push %%r12\n push %%r15\n mov $101, %%rbx\n mov $103, %%r12\n mov $106, %%r15\n"
      "syscall\n" CHILD_PATH "pop %%r15\n pop %%r12\n pop %%rbx\n"
      : "=a"(result)
      : "a"((long)SYS_clone3), "D"(&arguments), "S"(size)
      : "rcx", "r11", "memory", "cc");
  return result;
}
static void wait_for_end(long tid) {
  int value;
  while ((value = clear_tid) != 0) syscall(SYS_futex, &clear_tid, FUTEX_WAIT, value, NULL, NULL, 0);
  CHECK(tid > 0 && parent_tid == tid && child_saw == tid && registers_right);
  registers_right = child_saw = parent_tid = 0;
}

int main(void) {
  (void)child_tid;
  SECTION("clone");
  clear_tid = 1;
  wait_for_end(by_clone());
  SECTION("clone3");
  clear_tid = 1;
  wait_for_end(by_clone3(sizeof(struct clone_args)));
  clear_tid = 1;
  wait_for_end(by_clone3(64));
  SECTION("500 in a row");
  for (int i = 0; i < 500; i++) {
    clear_tid = 1;
    wait_for_end(by_clone());
  }
  SECTION("errors");
  struct clone_args arguments = {.flags = CLONE_THREAD};
  CHECK_ERRNO(syscall(SYS_clone3, &arguments, sizeof arguments), EINVAL);
  arguments.flags = CLONE_SIGHAND;
  CHECK_ERRNO(syscall(SYS_clone3, &arguments, sizeof arguments), EINVAL);
  CHECK_ERRNO(syscall(SYS_clone3, &arguments, 8), EINVAL);
  CHECK_ERRNO(syscall(SYS_clone3, &arguments, 1 << 20), E2BIG);
  CHECK_ERRNO(syscall(SYS_clone3, (void*)8, sizeof arguments), EFAULT);
  arguments.flags = kFlags;
  arguments.stack_size = 4096;
  CHECK_ERRNO(syscall(SYS_clone3, &arguments, sizeof arguments), EINVAL);
  CHECK_ERRNO(syscall(SYS_clone, CLONE_SIGHAND, 0, 0, 0, 0), EINVAL);
  return check_done();
}
