// SPDX-License-Identifier: Apache-2.0
// Alternate signal stacks: handlers run there, SS_ONSTACK is told, errors, per thread.
#include "check.h"

static char stacks[2][65536];
static volatile int on_stack[2], flags_inside;
static void handler(int number) {
  (void)number;
  char here;
  for (int i = 0; i < 2; i++) on_stack[i] = &here >= stacks[i] && &here < stacks[i] + sizeof stacks[i];
  stack_t now;
  sigaltstack(NULL, &now);
  flags_inside = now.ss_flags;
  stack_t change = {.ss_sp = stacks[1], .ss_size = sizeof stacks[1]};
  if (on_stack[0]) CHECK_ERRNO(sigaltstack(&change, NULL), EPERM);
}
static void* in_thread(void* unused) {
  stack_t now;
  CHECK(sigaltstack(NULL, &now) == 0 && now.ss_flags == SS_DISABLE);
  stack_t own = {.ss_sp = stacks[1], .ss_size = sizeof stacks[1]};
  CHECK(sigaltstack(&own, NULL) == 0);
  raise(SIGUSR1);
  CHECK(on_stack[1] && !on_stack[0]);
  return unused;
}

int main(void) {
  struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
  sigaction(SIGUSR1, &action, NULL);
  SECTION("none yet");
  stack_t old;
  CHECK(sigaltstack(NULL, &old) == 0 && old.ss_flags == SS_DISABLE);
  raise(SIGUSR1);
  CHECK(!on_stack[0] && !on_stack[1]);
  SECTION("set");
  stack_t stack = {.ss_sp = stacks[0], .ss_size = sizeof stacks[0]};
  CHECK(sigaltstack(&stack, NULL) == 0 && sigaltstack(NULL, &old) == 0);
  CHECK(old.ss_sp == stacks[0] && old.ss_size == sizeof stacks[0] && old.ss_flags == 0);
  raise(SIGUSR1);
  CHECK(on_stack[0] && (flags_inside & SS_ONSTACK));
  SECTION("without SA_ONSTACK");
  action.sa_flags = 0;
  sigaction(SIGUSR2, &action, NULL);
  raise(SIGUSR2);
  CHECK(!on_stack[0]);
  SECTION("errors");
  stack.ss_size = 100;
  CHECK_ERRNO(sigaltstack(&stack, NULL), ENOMEM);
  stack.ss_size = sizeof stacks[0];
  stack.ss_flags = 77;
  CHECK_ERRNO(sigaltstack(&stack, NULL), EINVAL);
  SECTION("thread");
  pthread_t thread;
  pthread_create(&thread, NULL, in_thread, NULL);
  pthread_join(thread, NULL);
  SECTION("as small as SIGSTKSZ was");
  static char small[8192];
  stack_t little = {.ss_sp = small, .ss_size = sizeof small};
  CHECK(sigaltstack(&little, NULL) == 0 && raise(SIGUSR1) == 0 && !on_stack[0]);
  SECTION("disable");
  stack_t disable = {.ss_flags = SS_DISABLE};
  CHECK(sigaltstack(&disable, NULL) == 0);
  raise(SIGUSR1);
  CHECK(!on_stack[0] && !on_stack[1]);
  return check_done();
}
