// SPDX-License-Identifier: Apache-2.0
// cpuid, rdtsc and rdtscp in programs: usable, consistent, and without a register that was not asked for.
// build: pie static
#include "check.h"
#include <cpuid.h>
#include <x86intrin.h>

int main(void) {
  unsigned a, b, c, d;
  SECTION("cpuid");
  CHECK(__get_cpuid(0, &a, &b, &c, &d) && a >= 7);
  char vendor[13] = {0};
  memcpy(vendor, &b, 4), memcpy(vendor + 4, &d, 4), memcpy(vendor + 8, &c, 4);
  SAY("%s", vendor);
  CHECK(__get_cpuid(1, &a, &b, &c, &d) && (d & bit_SSE2) && (c & bit_SSE4_2));
  unsigned first[4], again[4];
  __cpuid_count(7, 0, first[0], first[1], first[2], first[3]);
  for (int i = 0; i < 100; i++) {
    __cpuid_count(7, 0, again[0], again[1], again[2], again[3]);
    CHECK(memcmp(first, again, sizeof first) == 0);
  }
  SECTION("features agree with XGETBV");
  __cpuid(1, a, b, c, d);
  if (c & bit_OSXSAVE) {
    unsigned low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    CHECK((low & 3) == 3);
    if (c & bit_AVX) CHECK(low & 4);
    if (first[1] & bit_AVX512F) CHECK((low & 0xe6) == 0xe6);
  }
  SECTION("rdtsc");
  unsigned long previous = 0;
  for (int i = 0; i < 10000; i++) {
    unsigned long now = __rdtsc();
    CHECK(now >= previous);
    previous = now;
  }
  unsigned auxiliary = ~0u;
  CHECK(__rdtscp(&auxiliary) >= previous && auxiliary != ~0u);
  sleep_ms(20);
  CHECK(__rdtsc() - previous > 1000000);
  return check_done();
}
