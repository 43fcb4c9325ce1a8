// SPDX-License-Identifier: Apache-2.0
// AVX and AVX-512 state survives system calls and handlers, where the CPU that the program sees has it.
#include "check.h"
#include <immintrin.h>

static void clobber(int number) {
  (void)number;
  __asm__ volatile("vpcmpeqd %%ymm0,%%ymm0,%%ymm0; vmovdqa %%ymm0,%%ymm5; vmovdqa %%ymm0,%%ymm12; vzeroupper"
                   :
                   :
                   : "xmm0", "xmm5", "xmm12");
}
__attribute__((target("avx"), noinline)) static int avx(long number, long a, long b, long c) {
  unsigned char in[32], out[32];
  for (int i = 0; i < 32; i++) in[i] = (unsigned char)(i * 7 + 1);
  long result;
  __asm__ volatile("vmovdqu (%5), %%ymm12\n syscall\n vmovdqu %%ymm12, (%6)\n"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(in), "r"(out)
                   : "rcx", "r11", "memory", "xmm12");
  return memcmp(in, out, 32) == 0;
}
__attribute__((target("avx512f"), noinline)) static int avx512(long number, long a, long b, long c) {
  unsigned char in[64], out[64], low[64];
  unsigned short mask = 0;
  for (int i = 0; i < 64; i++) in[i] = (unsigned char)(i * 7 + 1);
  long result;
  __asm__ volatile(
      "vmovdqu64 (%6), %%zmm3\n vmovdqu64 (%6), %%zmm29\n mov $0xa5f1, %%ecx\n kmovw %%ecx, %%k5\n syscall\n"
      "vmovdqu64 %%zmm29, (%7)\n vmovdqu64 %%zmm3, (%8)\n kmovw %%k5, %%ecx\n mov %%cx, %1\n"
      : "=a"(result), "=m"(mask)
      : "a"(number), "D"(a), "S"(b), "d"(c), "r"(in), "r"(out), "r"(low)
      : "rcx", "r11", "memory", "xmm3", "xmm29", "k5");
  return memcmp(in, out, 64) == 0 && memcmp(in, low, 64) == 0 && mask == 0xa5f1;
}

int main(void) {
  signal(SIGUSR1, clobber);
  int zero = open("/dev/zero", O_RDONLY);
  char buffer[4096];
  long calls[][4] = {{SYS_getpid},
                     {SYS_getppid},
                     {SYS_read, zero, (long)buffer, 4096},
                     {SYS_sched_yield},
                     {SYS_tgkill, getpid(), syscall(SYS_gettid), SIGUSR1}};
  for (int i = 0; i < 5; i++) {
    SAY("call %d", i);
    if (__builtin_cpu_supports("avx")) CHECK(avx(calls[i][0], calls[i][1], calls[i][2], calls[i][3]));
    if (__builtin_cpu_supports("avx512f")) CHECK(avx512(calls[i][0], calls[i][1], calls[i][2], calls[i][3]));
  }
  return check_done();
}
