// SPDX-License-Identifier: Apache-2.0
// Keeps every kind of processor state alive over system calls, faults and signals, and prints `kept` if all of it
// stays.
#include <immintrin.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

static uint8_t wide[32][64], seen[32][64];
static volatile int signals, faults;
static char* page;

// A system call in the middle of vector code: written by hand, so that no plan may take the registers for dead.
__attribute__((noinline)) static long call_with_vectors(long number, long a, long b, long c) {
  register uint8_t(*in)[64] __asm__("r8") = wide;
  register uint8_t(*out)[64] __asm__("r9") = seen;
  register long fourth __asm__("r10") = 0;
  long result = number;
  if (__builtin_cpu_supports("avx512f")) {
// clang-format off
#define LOAD(n) "vmovups " #n "*64(%[in]), %%zmm" #n "\n"
#define STORE(n) "vmovups %%zmm" #n ", " #n "*64(%[out])\n"
#define ALL(X)                                                                                                      \
  X(0)                                                                                                              \
  X(1)                                                                                                              \
  X(2)                                                                                                              \
  X(3)                                                                                                              \
  X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15) X(16) X(17) X(18) X(19) X(20) X(21) X(22) X(23) \
      X(24) X(25) X(26) X(27) X(28) X(29) X(30) X(31)
    // clang-format on
    __asm__ volatile(ALL(LOAD) "syscall\n" ALL(STORE)
                     : "+a"(result)
                     : "D"(a), "S"(b), "d"(c), "r"(fourth), [in] "r"(in), [out] "r"(out)
                     : "rcx", "r11", "memory");
    return memcmp(wide, seen, sizeof wide) == 0 ? result : -9999;
  }
// clang-format off
#define LOADX(n) "movups " #n "*64(%[in]), %%xmm" #n "\n"
#define STOREX(n) "movups %%xmm" #n ", " #n "*64(%[out])\n"
#define SIXTEEN(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)
  // clang-format on
  __asm__ volatile(SIXTEEN(LOADX) "syscall\n" SIXTEEN(STOREX)
                   : "+a"(result)
                   : "D"(a), "S"(b), "d"(c), "r"(fourth), [in] "r"(in), [out] "r"(out)
                   : "rcx", "r11", "memory");
  for (int i = 0; i < 16; i++)
    if (memcmp(wide[i], seen[i], 16) != 0) return -9999;
  return result;
}

static void on_fault(int number, siginfo_t* info, void* context) {
  (void)number, (void)info, (void)context;
  faults++;
  mprotect(page, 4096, PROT_READ | PROT_WRITE);
}
static void on_timer(int number) {
  (void)number;
  signals++;
}

int main(void) {
  for (unsigned i = 0; i < sizeof wide; i++) ((uint8_t*)wide)[i] = (uint8_t)(i * 37 + 1);
  struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
  sigaction(SIGSEGV, &action, NULL);
  signal(SIGALRM, on_timer);
  page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  int file = (int)call_with_vectors(SYS_openat, -100, (long)"/proc/self/exe", 0);
  if (file < 0) return 10;
  char buffer[64];
  struct itimerval interval = {{0, 20000}, {0, 20000}};
  setitimer(ITIMER_REAL, &interval, NULL);
  for (int round = 0; round < 20; round++) {
    // x87 registers and a control word of the program's own stay over a host call, on a plain and on a vector site.
    uint16_t control = 0x0e7f, now = 0;
    long double in = 1.25L + round, out = 0;
    __asm__ volatile("fldcw %0\n fldt %1" : : "m"(control), "m"(in));
    if (call_with_vectors(SYS_pread64, file, (long)buffer, sizeof buffer) != sizeof buffer) return 11;
    __asm__ volatile("fstpt %0\n fnstcw %1\n fninit" : "=m"(out), "=m"(now));
    if (memcmp(&in, &out, 10) != 0 || now != control) return 12;
    __m64 small = _mm_set_pi32(round, 77);
    uint64_t value;
    memcpy(&value, &small, 8);
    __asm__ volatile("movq %0, %%mm3" : : "m"(value));
    if (pread(file, buffer, 5, 0) != 5) return 13;
    __asm__ volatile("movq %%mm3, %0\n emms" : "=m"(value));
    if (memcmp(&small, &value, 8) != 0) return 14;
    const unsigned rounding = 0x1f80 | 0x6000;
    _mm_setcsr(rounding);
    if (call_with_vectors(SYS_pread64, file, (long)buffer, 8) != 8) return 15;
    if (_mm_getcsr() != rounding) return 16;
    _mm_setcsr(0x1f80);
    page[round] = 1;
    mprotect(page, 4096, PROT_NONE);
  }
  while (signals < 3) {
    struct timespec pause = {0, 10000000};
    if (signals == 1)
      for (volatile int spin = 0; spin < 100000; spin++) continue;
    else
      call_with_vectors(SYS_nanosleep, (long)&pause, 0, 0);
    if (memcmp(wide, seen, 16) != 0) return 17;
  }
  if (faults != 20) return 18;
  puts("kept");
  return 0;
}
