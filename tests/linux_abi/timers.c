// SPDX-License-Identifier: Apache-2.0
// alarm, setitimer and POSIX timers deliver their signals.
#include "check.h"
#include <sys/time.h>

static volatile int alarms, value_seen, code_seen;
static void on_alarm(int number, siginfo_t* info, void* context) {
  (void)number, (void)context;
  alarms++;
  code_seen = info->si_code;
  value_seen = info->si_value.sival_int;
}
static void* notified(void* unused) { return unused; }
static volatile int thread_calls;
static void thread_function(union sigval v) {
  (void)v;
  __atomic_fetch_add(&thread_calls, 1, __ATOMIC_SEQ_CST);
}

int main(void) {
  struct sigaction action = {.sa_sigaction = on_alarm, .sa_flags = SA_SIGINFO};
  sigaction(SIGALRM, &action, NULL);
  sigaction(SIGRTMIN, &action, NULL);
  sigaction(SIGVTALRM, &action, NULL);
  notified(NULL);
  SECTION("setitimer");
  struct itimerval t = {{0, 20000}, {0, 20000}}, now;
  CHECK(setitimer(ITIMER_REAL, &t, NULL) == 0);
  while (alarms < 5) pause();
  CHECK(code_seen == SI_KERNEL);
  memset(&t, 0, sizeof t);
  CHECK(setitimer(ITIMER_REAL, &t, &now) == 0 && now.it_interval.tv_usec == 20000);
  SECTION("alarm");
  alarms = 0;
  CHECK(alarm(100) == 0 && alarm(1) == 100);
  struct timespec begin;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  CHECK_ERRNO(pause(), EINTR);
  CHECK(alarms == 1 && seconds_since(&begin) >= 0.9 && seconds_since(&begin) < 5);
  SECTION("interrupts a loop");
  alarms = 0;
  t.it_value.tv_usec = 30000;
  setitimer(ITIMER_REAL, &t, NULL);
  while (!alarms) __asm__ volatile("");
  SECTION("timer_create");
  alarms = 0;
  timer_t timer;
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN, .sigev_value.sival_int = 4321};
  REQUIRE(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
  struct itimerspec spec = {{0, 20000000}, {0, 20000000}}, left;
  CHECK(timer_settime(timer, 0, &spec, NULL) == 0);
  while (alarms < 3) pause();
  CHECK(value_seen == 4321 && code_seen == SI_TIMER);
  CHECK(timer_gettime(timer, &left) == 0 && left.it_interval.tv_nsec == 20000000 && timer_getoverrun(timer) >= 0);
  CHECK(timer_delete(timer) == 0);
  SECTION("overruns");
  sigset_t waited;
  siginfo_t taken;
  sigemptyset(&waited);
  sigaddset(&waited, SIGRTMIN + 1);
  CHECK(pthread_sigmask(SIG_BLOCK, &waited, NULL) == 0);
  event.sigev_signo = SIGRTMIN + 1;
  REQUIRE(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
  struct itimerspec fast = {{0, 10000}, {0, 10000}};
  CHECK(timer_settime(timer, 0, &fast, NULL) == 0 && timer_getoverrun(timer) == 0);
  sleep_ms(20);
  CHECK(timer_getoverrun(timer) == 0);  // nothing has been taken
  CHECK(sigwaitinfo(&waited, &taken) == SIGRTMIN + 1 && taken.si_code == SI_TIMER && taken.si_overrun > 100);
  sleep_ms(20);
  CHECK(timer_getoverrun(timer) == taken.si_overrun);  // that of the one that was taken, not of what came since
  CHECK(timer_delete(timer) == 0);
  SECTION("timer thread");
  struct sigevent by_thread = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = thread_function};
  REQUIRE(timer_create(CLOCK_MONOTONIC, &by_thread, &timer) == 0);
  CHECK(timer_settime(timer, 0, &spec, NULL) == 0);
  for (int i = 0; i < 500 && thread_calls < 3; i++) sleep_ms(10);
  CHECK(thread_calls >= 3 && timer_delete(timer) == 0);
  SECTION("CPU timer");
  alarms = 0;
  struct itimerval cpu = {{0, 0}, {0, 30000}};
  CHECK(setitimer(ITIMER_VIRTUAL, &cpu, NULL) == 0);
  while (!alarms) __asm__ volatile("");
  return check_done();
}
