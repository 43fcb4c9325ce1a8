// SPDX-License-Identifier: Apache-2.0
// Real faults in a loop, while somebody outside sends what looks like faults and other signals. Prints how many faults
// it made, and whether a handler saw anything that it had not caused.
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

static char* page;
static volatile sig_atomic_t real, forged, expecting;

static void handler(int number, siginfo_t* info, void* context) {
  (void)context;
  if (number == SIGSEGV && expecting && info->si_code == SEGV_ACCERR && info->si_addr == page) {
    real++;
    expecting = 0;
    mprotect(page, 4096, PROT_READ | PROT_WRITE);
    return;
  }
  forged++;
}

int main(void) {
  static const int kSignals[] = {SIGSEGV, SIGFPE,  SIGILL,  SIGBUS, SIGTRAP, SIGUSR1,
                                 SIGUSR2, SIGCHLD, SIGALRM, SIGIO,  40};
  struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
  sigfillset(&action.sa_mask);
  for (unsigned i = 0; i < sizeof kSignals / sizeof kSignals[0]; i++) sigaction(kSignals[i], &action, NULL);
  page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  puts("ready");
  fflush(stdout);
  int made = 0;
  struct timeval start, now;
  gettimeofday(&start, NULL);
  do {
    mprotect(page, 4096, PROT_NONE);
    expecting = 1;
    *(volatile char*)page = 1;
    made++;
    gettimeofday(&now, NULL);
  } while ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_usec - start.tv_usec) / 1000 < 1500);
  printf("%s, %d forged\n", real == made && made > 100 ? "all faults seen" : "faults lost", (int)forged);
  return 0;
}
