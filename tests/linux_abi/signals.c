// SPDX-License-Identifier: Apache-2.0
// Handlers, masks, pending signals, SA_* flags, nesting, sigsuspend.
// build: pie static-pie musl
#include "check.h"

static volatile int count, last, order[16], order_count, value_seen, code_seen;
static volatile pid_t sender;

static void count_it(int number) {
  count++;
  last = number;
}
static void with_info(int number, siginfo_t* info, void* context) {
  (void)context;
  last = number;
  value_seen = info->si_value.sival_int;
  code_seen = info->si_code;
  sender = info->si_pid;
}
static void remember(int number) {
  order[order_count++] = number;
  if (number == SIGUSR1) {
    raise(SIGUSR2);
    order[order_count++] = -number;
  }
}
static void set(int number, void (*handler)(int), int flags) {
  struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
  sigemptyset(&action.sa_mask);
  CHECK(sigaction(number, &action, NULL) == 0);
}
static void mask(int how, int number) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, number);
  CHECK(sigprocmask(how, &set, NULL) == 0);
}

int main(void) {
  SECTION("raise");
  set(SIGUSR1, count_it, 0);
  for (int i = 0; i < 1000; i++) raise(SIGUSR1);
  CHECK(count == 1000 && last == SIGUSR1);
  CHECK(kill(getpid(), SIGUSR1) == 0 && count == 1001);
  SECTION("ignore and default");
  set(SIGUSR1, SIG_IGN, 0);
  raise(SIGUSR1);
  set(SIGCHLD, SIG_DFL, 0);
  raise(SIGCHLD);
  raise(SIGURG);
  raise(SIGWINCH);
  SECTION("blocked, pending, merged");
  set(SIGUSR1, count_it, 0);
  count = 0;
  mask(SIG_BLOCK, SIGUSR1);
  raise(SIGUSR1);
  raise(SIGUSR1);
  sigset_t pending;
  CHECK(sigpending(&pending) == 0 && sigismember(&pending, SIGUSR1) == 1 && sigismember(&pending, SIGUSR2) == 0);
  CHECK(count == 0);
  mask(SIG_UNBLOCK, SIGUSR1);
  CHECK(count == 1);
  SECTION("real-time signals are queued in order");
  struct sigaction action = {.sa_sigaction = with_info, .sa_flags = SA_SIGINFO};
  CHECK(sigaction(SIGRTMIN + 1, &action, NULL) == 0);
  mask(SIG_BLOCK, SIGRTMIN + 1);
  for (int i = 1; i <= 3; i++) {
    union sigval value = {.sival_int = i * 11};
    CHECK(sigqueue(getpid(), SIGRTMIN + 1, value) == 0);
  }
  sigset_t only;
  sigemptyset(&only);
  sigaddset(&only, SIGRTMIN + 1);
  for (int i = 1; i <= 3; i++) {
    siginfo_t info;
    CHECK(sigwaitinfo(&only, &info) == SIGRTMIN + 1 && info.si_value.sival_int == i * 11);
  }
  mask(SIG_UNBLOCK, SIGRTMIN + 1);
  SECTION("SA_SIGINFO");
  union sigval value = {.sival_int = 4711};
  CHECK(sigqueue(getpid(), SIGRTMIN + 1, value) == 0);
  CHECK(last == SIGRTMIN + 1 && value_seen == 4711 && code_seen == SI_QUEUE && sender == getpid());
  CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
  kill(getpid(), SIGUSR1);
  CHECK(code_seen == SI_USER && sender == getpid());
  raise(SIGUSR1);
  CHECK(code_seen == SI_TKILL);
  SECTION("nested");
  set(SIGUSR1, remember, 0);
  set(SIGUSR2, remember, 0);
  raise(SIGUSR1);
  CHECK(order_count == 3 && order[0] == SIGUSR1 && order[1] == SIGUSR2 && order[2] == -SIGUSR1);
  SECTION("sa_mask holds the other back");
  order_count = 0;
  struct sigaction masked = {.sa_handler = remember};
  sigemptyset(&masked.sa_mask);
  sigaddset(&masked.sa_mask, SIGUSR2);
  sigaction(SIGUSR1, &masked, NULL);
  raise(SIGUSR1);
  CHECK(order_count == 3 && order[0] == SIGUSR1 && order[1] == -SIGUSR1 && order[2] == SIGUSR2);
  SECTION("SA_RESETHAND, SA_NODEFER");
  set(SIGUSR1, count_it, SA_RESETHAND);
  raise(SIGUSR1);
  struct sigaction now;
  CHECK(sigaction(SIGUSR1, NULL, &now) == 0 && now.sa_handler == SIG_DFL);
  SECTION("sigsuspend");
  count = 0;
  set(SIGUSR1, count_it, 0);
  mask(SIG_BLOCK, SIGUSR1);
  raise(SIGUSR1);
  sigset_t none;
  sigemptyset(&none);
  CHECK_ERRNO(sigsuspend(&none), EINTR);
  CHECK(count == 1);
  sigset_t current;
  sigprocmask(SIG_BLOCK, NULL, &current);
  CHECK(sigismember(&current, SIGUSR1) == 1);
  SECTION("sigtimedwait");
  struct timespec t = {0, 30000000};
  sigemptyset(&only);
  sigaddset(&only, SIGUSR1);
  CHECK_ERRNO(sigtimedwait(&only, NULL, &t), EAGAIN);
  raise(SIGUSR1);
  CHECK(sigtimedwait(&only, NULL, &t) == SIGUSR1);
  int got = 0;
  raise(SIGUSR1);
  CHECK(sigwait(&only, &got) == 0 && got == SIGUSR1);
  CHECK(count == 1);
  mask(SIG_UNBLOCK, SIGUSR1);
  SECTION("errors");
  CHECK_ERRNO(sigaction(SIGKILL, &action, NULL), EINVAL);
  CHECK_ERRNO(sigaction(0, &action, NULL), EINVAL);
  CHECK_ERRNO(syscall(SYS_rt_sigaction, 65, &action, NULL, 8), EINVAL);
  CHECK_ERRNO(kill(getpid(), 99), EINVAL);
  CHECK(kill(getpid(), 0) == 0);
  CHECK_ERRNO(syscall(SYS_tgkill, getpid(), 1 << 29, SIGUSR1), ESRCH);
  CHECK_ERRNO(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &none, NULL, 4), EINVAL);
  CHECK_ERRNO(syscall(SYS_rt_sigprocmask, 77, &none, NULL, 8), EINVAL);
  SECTION("SIGKILL and SIGSTOP cannot be blocked");
  sigfillset(&current);
  CHECK(sigprocmask(SIG_SETMASK, &current, NULL) == 0 && sigprocmask(SIG_SETMASK, NULL, &current) == 0);
  CHECK(!sigismember(&current, SIGKILL) && !sigismember(&current, SIGSTOP) && sigismember(&current, SIGTERM));
  return check_done();
}
