// SPDX-License-Identifier: Apache-2.0
// flags: -lm
// What Linux promises about registers: a system call changes only RAX, RCX and R11; a signal handler changes nothing.
#include "check.h"
#include <fenv.h>
#include <immintrin.h>
#include <sys/ucontext.h>

struct Vectors {
  unsigned char xmm[16][16];
};
static void fill_random(void* p, size_t n, unsigned seed) {
  for (size_t i = 0; i < n; i++) ((unsigned char*)p)[i] = (unsigned char)rand_r(&seed);
}

__attribute__((noinline)) static long call_with_vectors(long number, long a, long b, long c, const struct Vectors* in,
                                                        struct Vectors* out) {
  long result;
  __asm__ volatile(
      "movups 0(%5), %%xmm0\n movups 16(%5), %%xmm1\n movups 32(%5), %%xmm2\n movups 48(%5), %%xmm3\n"
      "movups 64(%5), %%xmm4\n movups 80(%5), %%xmm5\n movups 96(%5), %%xmm6\n movups 112(%5), %%xmm7\n"
      "movups 128(%5), %%xmm8\n movups 144(%5), %%xmm9\n movups 160(%5), %%xmm10\n movups 176(%5), %%xmm11\n"
      "movups 192(%5), %%xmm12\n movups 208(%5), %%xmm13\n movups 224(%5), %%xmm14\n movups 240(%5), %%xmm15\n"
      "syscall\n"
      "movups %%xmm0, 0(%6)\n movups %%xmm1, 16(%6)\n movups %%xmm2, 32(%6)\n movups %%xmm3, 48(%6)\n"
      "movups %%xmm4, 64(%6)\n movups %%xmm5, 80(%6)\n movups %%xmm6, 96(%6)\n movups %%xmm7, 112(%6)\n"
      "movups %%xmm8, 128(%6)\n movups %%xmm9, 144(%6)\n movups %%xmm10, 160(%6)\n movups %%xmm11, 176(%6)\n"
      "movups %%xmm12, 192(%6)\n movups %%xmm13, 208(%6)\n movups %%xmm14, 224(%6)\n movups %%xmm15, 240(%6)\n"
      : "=a"(result)
      : "a"(number), "D"(a), "S"(b), "d"(c), "r"(in), "r"(out)
      : "rcx", "r11", "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",
        "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
  return result;
}

// RBX, RBP, R8..R10, R12..R15, RDI, RSI, RDX keep their values; RCX is the return address, R11 the flags.
__attribute__((noinline)) static int call_keeps_general(long number, long a, long b, long c) {
  uint64_t in[12], out[14];
  fill_random(in, sizeof in, 99);
  in[0] = (uint64_t)a, in[1] = (uint64_t)b, in[2] = (uint64_t)c;
  uint64_t address;
  __asm__ volatile(
      "push %%rbp\n push %%rbx\n push %3\n push %4\n mov %2, %%rax\n push %%rax\n"
      "mov %1, %%rax\n"
      "mov 0(%%rax), %%rdi\n mov 8(%%rax), %%rsi\n mov 16(%%rax), %%rdx\n mov 24(%%rax), %%r8\n mov 32(%%rax), %%r9\n"
      "mov 40(%%rax), %%r10\n mov 48(%%rax), %%r12\n mov 56(%%rax), %%r13\n mov 64(%%rax), %%r14\n mov 72(%%rax), "
      "%%r15\n"
      "mov 80(%%rax), %%rbx\n mov 88(%%rax), %%rbp\n"
      "pop %%rax\n"
      "syscall\n"
      "1: pop %%rax\n"
      "mov %%rdi, 0(%%rax)\n mov %%rsi, 8(%%rax)\n mov %%rdx, 16(%%rax)\n mov %%r8, 24(%%rax)\n mov %%r9, 32(%%rax)\n"
      "mov %%r10, 40(%%rax)\n mov %%r12, 48(%%rax)\n mov %%r13, 56(%%rax)\n mov %%r14, 64(%%rax)\n mov %%r15, "
      "72(%%rax)\n"
      "mov %%rbx, 80(%%rax)\n mov %%rbp, 88(%%rax)\n mov %%rcx, 96(%%rax)\n mov %%r11, 104(%%rax)\n"
      "pop %%rcx\n pop %%rbx\n pop %%rbp\n lea 1b(%%rip), %0\n"
      : "=&a"(address)
      : "c"(in), "d"(number), "S"(0L), "D"(out)
      : "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "memory", "cc");
  int same = memcmp(in, out, sizeof in) == 0;
  if (!same)
    for (int i = 0; i < 12; i++)
      if (in[i] != out[i]) SAY("FAILED register %d changed", i);
  CHECK(out[12] == address);
  CHECK((out[13] & ~0x10000ul & 0x202) == 0x202);
  return same;
}

static void clobber(int number, siginfo_t* info, void* context) {
  (void)number, (void)info, (void)context;
  double sum = 1;
  for (int i = 1; i < 50; i++) sum = sum * 1.5 / i + (double)i;
  struct Vectors junk, out;
  memset(&junk, 0xee, sizeof junk);
  call_with_vectors(SYS_getppid, 0, 0, 0, &junk, &out);
  fesetround(FE_UPWARD);
  long double x = 3.25L;
  __asm__ volatile("fldt %0\n fstp %%st(0)\n fninit" : : "m"(x));
  __asm__ volatile("fld1; fld1; fld1");
}

// Long copies between a file and memory that is not there yet, at every offset of a word; the last reaches what is not
// there at all.
static void check_long_transfers(void) {
  enum { kLength = 20000, kRoom = 8 * 4096 };
  static char pattern[kLength], back[kLength];
  static const int kSizes[] = {1023, 1024, 1025, 1031, 1087, 1088, 4096, 4099, 8191, 16384, 19990};
  fill_random(pattern, sizeof pattern, 5);
  const int file = open("long", O_RDWR | O_CREAT | O_TRUNC, 0600);
  REQUIRE(file >= 0 && write(file, pattern, sizeof pattern) == sizeof pattern);
  struct Vectors in, out;
  for (unsigned i = 0; i < sizeof kSizes / sizeof kSizes[0]; i++)
    for (int offset = 0; offset < 9; offset++) {
      char* const memory =
          mmap(NULL, kRoom, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
      REQUIRE(memory != MAP_FAILED && munmap(memory + 5 * 4096, 3 * 4096) == 0);
      const int size = kSizes[i];
      fill_random(&in, sizeof in, (unsigned)(size + offset));
      REQUIRE(lseek(file, offset, SEEK_SET) == offset);
      CHECK(call_with_vectors(SYS_read, file, (long)memory + offset, size, &in, &out) == size);
      CHECK(memcmp(&in, &out, sizeof in) == 0 && memcmp(memory + offset, pattern + offset, (size_t)size) == 0);
      CHECK(memory[offset + size] == 0);
      REQUIRE(lseek(file, 0, SEEK_SET) == 0);
      CHECK(call_with_vectors(SYS_write, file, (long)memory + offset, size, &in, &out) == size);
      CHECK(memcmp(&in, &out, sizeof in) == 0);
      CHECK(pread(file, back, (size_t)size, 0) == size && memcmp(back, pattern + offset, (size_t)size) == 0);
      CHECK(pwrite(file, pattern, sizeof pattern, 0) == sizeof pattern);
      char* const edge = memory + 5 * 4096 - size / 2;
      CHECK(call_with_vectors(SYS_write, 1 << 20, (long)edge, size, &in, &out) == -EBADF);
      call_with_vectors(SYS_read, file, (long)edge, size, &in, &out);
      CHECK(memcmp(&in, &out, sizeof in) == 0);
      call_with_vectors(SYS_write, file, (long)edge, size, &in, &out);
      CHECK(memcmp(&in, &out, sizeof in) == 0);
      CHECK(pwrite(file, pattern, sizeof pattern, 0) == sizeof pattern);
      munmap(memory, 5 * 4096);
    }
  close(file);
}

int main(void) {
  struct Vectors in, out;
  int zero = open("/dev/zero", O_RDONLY), pipes[2];
  REQUIRE(pipe(pipes) == 0);
  char buffer[4096];
  SECTION("vector registers across system calls");
  struct {
    const char* name;
    long number, a, b, c;
  } calls[] = {{"getpid", SYS_getpid, 0, 0, 0},
               {"getppid", SYS_getppid, 0, 0, 0},
               {"read", SYS_read, zero, (long)buffer, 64},
               {"read big", SYS_read, zero, (long)buffer, 4096},
               {"write pipe", SYS_write, pipes[1], (long)buffer, 100},
               {"read pipe", SYS_read, pipes[0], (long)buffer, 100},
               {"clock_gettime", SYS_clock_gettime, 1, (long)buffer, 0},
               {"openat", SYS_openat, AT_FDCWD, (long)"/nonexistent", 0},
               {"mmap", SYS_mmap, 0, 4096, 0},
               {"sched_yield", SYS_sched_yield, 0, 0, 0},
               {"unknown", 5000, 0, 0, 0}};
  for (unsigned i = 0; i < sizeof calls / sizeof calls[0]; i++) {
    fill_random(&in, sizeof in, i + 1);
    memset(&out, 0, sizeof out);
    call_with_vectors(calls[i].number, calls[i].a, calls[i].b, calls[i].c, &in, &out);
    CHECK(memcmp(&in, &out, sizeof in) == 0 && calls[i].name);
  }
  SECTION("vector registers across long transfers");
  check_long_transfers();
  SECTION("general registers across system calls");
  CHECK(call_keeps_general(SYS_getpid, 0, 0, 0));
  CHECK(call_keeps_general(SYS_getppid, 0, 0, 0));
  CHECK(call_keeps_general(SYS_read, zero, (long)buffer, 64));
  CHECK(call_keeps_general(SYS_openat, AT_FDCWD, (long)"/nonexistent", 0));
  CHECK(call_keeps_general(5000, 1, 2, 3));
  SECTION("floating-point control");
  fesetround(FE_DOWNWARD);
  unsigned mxcsr_in = _mm_getcsr();
  unsigned short control_in, control_out;
  __asm__ volatile("fnstcw %0" : "=m"(control_in));
  for (unsigned i = 0; i < sizeof calls / sizeof calls[0]; i++)
    if (calls[i].number != SYS_read || calls[i].a == zero)
      raw_syscall6(calls[i].number, calls[i].a, calls[i].b, calls[i].c, 0, 0, 0);
  __asm__ volatile("fnstcw %0" : "=m"(control_out));
  CHECK(_mm_getcsr() == mxcsr_in && control_in == control_out);
  SECTION("x87 stack across a system call");
  long double back;
  long result;
  long double value = 1.0L / 3;
  __asm__ volatile("fldt %2\n syscall\n fstpt %0"
                   : "=m"(back), "=a"(result)
                   : "m"(value), "a"((long)SYS_getppid)
                   : "rcx", "r11", "memory");
  CHECK(back == value);
  __asm__ volatile("fldt %2\n syscall\n fstpt %0"
                   : "=m"(back), "=a"(result)
                   : "m"(value), "a"((long)SYS_sched_yield)
                   : "rcx", "r11", "memory");
  CHECK(back == value);
  SECTION("a handler changes nothing");
  struct sigaction action = {.sa_sigaction = clobber, .sa_flags = SA_SIGINFO};
  sigaction(SIGUSR1, &action, NULL);
  fill_random(&in, sizeof in, 123);
  CHECK(call_with_vectors(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGUSR1, &in, &out) == 0);
  CHECK(memcmp(&in, &out, sizeof in) == 0);
  __asm__ volatile("fnstcw %0" : "=m"(control_out));
  CHECK(_mm_getcsr() == mxcsr_in && control_in == control_out && fegetround() == FE_DOWNWARD);
  CHECK(call_keeps_general(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGUSR1));
  SECTION("a handler changes nothing, by a fault");
  sigaction(SIGTRAP, &action, NULL);
  register double a __asm__("xmm9") = 1.25;
  __asm__ volatile("int3" : "+x"(a));
  CHECK(a == 1.25);
  SECTION("the red zone is left alone");
  uint64_t low = 0, high = 0;
  __asm__ volatile(
      "movq $0x1234, -8(%%rsp)\n movq $0x5678, -120(%%rsp)\n int3\n mov -8(%%rsp), %0\n mov -120(%%rsp), %1"
      : "=r"(low), "=r"(high)
      :
      : "memory");
  CHECK(low == 0x1234 && high == 0x5678);
  __asm__ volatile(
      "movq $0x1234, -8(%%rsp)\n movq $0x5678, -120(%%rsp)\n syscall\n mov -8(%%rsp), %0\n mov -120(%%rsp), %1"
      : "=&r"(low), "=&r"(high)
      : "a"((long)SYS_getppid)
      : "rcx", "r11", "memory");
  CHECK(low == 0x1234 && high == 0x5678);
  return check_done();
}
