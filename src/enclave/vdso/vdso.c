// SPDX-License-Identifier: Apache-2.0
// The program's own vDSO: time from the enclave's clock data. Built as a shared object with exactly one R-X PT_LOAD
// (glibc 2.36 computes a wrong base otherwise). The loader patches `vdso_slots` in its copy.
typedef unsigned long u64;
typedef unsigned int u32;

struct clock_data {  // core/clock.h: ClockData
  u64 sequence, tsc_base, multiplier, monotonic_base, realtime_offset, boottime_offset, refresh_after;
};
// "CLSTVDSO", address of the clock data, address of the system-call entry.
__attribute__((visibility("hidden"))) const volatile u64 vdso_slots[3] = {0x4f53445654534c43UL, 0, 0};

struct timespec {
  long seconds, nanoseconds;
};
struct timeval {
  long seconds, microseconds;
};

static inline u64 read_tsc(void) {
  u32 low, high;
  __asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
  return (u64)high << 32 | low;
}

// The kernel's entry, as a trampoline would reach it.
static long system_call(long number, long a, long b, long c) {
  long result;
  register u64 target __asm__("r9") = vdso_slots[2];
  __asm__ volatile("lea 1f(%%rip), %%rcx\n\tjmp *%[target]\n1:"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), [target] "r"(target)
                   : "rcx", "r11", "memory");
  return result;
}

enum { REALTIME = 0, MONOTONIC = 1, RAW = 4, REALTIME_COARSE = 5, MONOTONIC_COARSE = 6, BOOTTIME = 7 };

// Nanoseconds of `clock`, or 0: ask the kernel.
static u64 now(int clock) {
  const volatile struct clock_data* data = (const volatile struct clock_data*)vdso_slots[1];
  for (;;) {
    u64 sequence = data->sequence;
    if (sequence & 1) {
      __asm__ volatile("pause");
      continue;
    }
    __asm__ volatile("" : : : "memory");
    u64 tsc = read_tsc();
    if (tsc >= data->refresh_after) return 0;
    u64 ticks = tsc > data->tsc_base ? tsc - data->tsc_base : 0;
    u64 time = data->monotonic_base + (u64)((unsigned __int128)ticks * data->multiplier >> 32);
    if (clock == REALTIME || clock == REALTIME_COARSE) time += data->realtime_offset;
    if (clock == BOOTTIME) time += data->boottime_offset;
    __asm__ volatile("" : : : "memory");
    if (data->sequence == sequence) return time;
  }
}

static int is_served(int clock) {
  return clock == REALTIME || clock == MONOTONIC || (clock >= RAW && clock <= BOOTTIME);
}

int __vdso_clock_gettime(int clock, struct timespec* to) {
  u64 time = is_served(clock) ? now(clock) : 0;
  if (time == 0) return (int)system_call(228, clock, (long)to, 0);
  to->seconds = (long)(time / 1000000000);
  to->nanoseconds = (long)(time % 1000000000);
  return 0;
}

int __vdso_gettimeofday(struct timeval* to, void* zone) {
  u64 time = zone == 0 ? now(REALTIME) : 0;
  if (time == 0) return (int)system_call(96, (long)to, (long)zone, 0);
  if (to != 0) {
    to->seconds = (long)(time / 1000000000);
    to->microseconds = (long)(time % 1000000000 / 1000);
  }
  return 0;
}

long __vdso_time(long* to) {
  u64 time = now(REALTIME);
  if (time == 0) return system_call(201, (long)to, 0, 0);
  long seconds = (long)(time / 1000000000);
  if (to != 0) *to = seconds;
  return seconds;
}

int __vdso_clock_getres(int clock, struct timespec* to) {
  if (!is_served(clock)) return (int)system_call(229, clock, (long)to, 0);
  if (to != 0) {
    to->seconds = 0;
    to->nanoseconds = clock == REALTIME_COARSE || clock == MONOTONIC_COARSE ? 4000000 : 1;
  }
  return 0;
}

int __vdso_getcpu(u32* cpu, u32* node, void* unused) {
  return (int)system_call(309, (long)cpu, (long)node, (long)unused);
}
