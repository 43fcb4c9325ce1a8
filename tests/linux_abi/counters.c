// SPDX-License-Identifier: Apache-2.0
// cpuid and rdtsc at awkward places: in a loop that only a signal ends, and at the end of a page of a fresh stack.
#include "check.h"
#include <cpuid.h>
#include <sys/time.h>
#include <x86intrin.h>

static volatile int alarms;
static void on_alarm(int number) {
  (void)number;
  alarms++;
}
static void arm(void) {
  struct itimerval t = {{0, 0}, {0, 20000}};
  alarms = 0;
  setitimer(ITIMER_REAL, &t, NULL);
}
// Runs cpuid with the stack pointer at `rsp`.
static void cpuid_at(char* rsp) {
  __asm__ volatile("mov %%rsp, %%r12\n mov %0, %%rsp\n xor %%eax, %%eax\n cpuid\n rdtsc\n rdtscp\n mov %%r12, %%rsp"
                   :
                   : "r"(rsp)
                   : "rax", "rbx", "rcx", "rdx", "r12", "memory", "cc");
}

int main(void) {
  signal(SIGALRM, on_alarm);
  unsigned a, b, c, d, aux;
  SECTION("rdtsc loop");
  arm();
  unsigned long long last = 0, now;
  while (!alarms) {
    now = __rdtsc();
    CHECK(now >= last);
    last = now;
  }
  SECTION("rdtscp loop");
  arm();
  while (!alarms) __rdtscp(&aux);
  SECTION("cpuid loop");
  arm();
  while (!alarms) {
    __asm__ volatile("cpuid" : "=a"(a), "=b"(b), "=c"(c), "=d"(d) : "0"(0), "2"(0));
    CHECK(a > 0);
  }
  SECTION("at the end of a page");
  char* pages = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(pages != MAP_FAILED);
  for (long offset = 512; offset >= 0; offset -= 8) cpuid_at(pages + 12288 + offset);
  SECTION("flags and registers survive");
  unsigned long flags;
  __asm__ volatile(
      "stc\n std\n mov $77, %%r13\n rdtsc\n pushfq\n cld\n pop %0\n cmp $77, %%r13\n jne 1f\n jmp 2f\n 1: ud2\n 2:"
      : "=r"(flags)
      :
      : "rax", "rdx", "r13", "cc", "memory");
  SAY("carry %lu direction %lu", flags & 1, flags >> 10 & 1);
  return check_done();
}
