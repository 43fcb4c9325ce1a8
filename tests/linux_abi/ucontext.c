// SPDX-License-Identifier: Apache-2.0
// getcontext, makecontext and swapcontext, and a context whose registers a handler edits.
#include "check.h"
#include <sys/ucontext.h>
#include <ucontext.h>

static ucontext_t main_context, coroutine;
static int steps;
static void body(int a, int b) {
  for (int i = 0; i < 3; i++) {
    SAY("step %d %d", i, a + b + i);
    steps++;
    swapcontext(&coroutine, &main_context);
  }
}
static void edit(int number, siginfo_t* info, void* pointer) {
  (void)number, (void)info;
  ucontext_t* context = pointer;
  context->uc_mcontext.gregs[REG_R12] = 777;
  context->uc_mcontext.gregs[REG_RIP] += 2;  // over the ud2
}
static void edit_mask(int number, siginfo_t* info, void* pointer) {
  (void)number, (void)info;
  sigaddset(&((ucontext_t*)pointer)->uc_sigmask, SIGUSR2);
}

int main(void) {
  static char stack[65536];
  getcontext(&coroutine);
  coroutine.uc_stack.ss_sp = stack;
  coroutine.uc_stack.ss_size = sizeof stack;
  coroutine.uc_link = &main_context;
  makecontext(&coroutine, (void (*)(void))body, 2, 10, 20);
  for (int i = 0; i < 4; i++) swapcontext(&main_context, &coroutine);
  CHECK(steps == 3);
  SECTION("a handler edits a register");
  struct sigaction action = {.sa_sigaction = edit, .sa_flags = SA_SIGINFO};
  sigaction(SIGILL, &action, NULL);
  long value;
  __asm__ volatile("mov $1, %%r12\n ud2\n mov %%r12, %0" : "=r"(value) : : "r12");
  CHECK(value == 777);
  SECTION("a handler edits the mask");
  action.sa_sigaction = edit_mask;
  sigaction(SIGUSR1, &action, NULL);
  raise(SIGUSR1);
  sigset_t now;
  sigprocmask(SIG_SETMASK, NULL, &now);
  CHECK(sigismember(&now, SIGUSR2) == 1 && sigismember(&now, SIGUSR1) == 0);
  return check_done();
}
