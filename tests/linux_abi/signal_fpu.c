// SPDX-License-Identifier: Apache-2.0
// Floating-point and vector state around handlers: a handler starts with the initial state, sees the interrupted one in
// its frame, may edit it there, and what it does to its own registers is undone.

// flags: -lm
#include "check.h"
#include <fenv.h>
#include <sys/ucontext.h>

static uint32_t mxcsr_inside;
static uint16_t control_inside;
static double seen;
static void look(int number, siginfo_t* info, void* pointer) {
  (void)number, (void)info;
  __asm__ volatile("stmxcsr %0; fnstcw %1" : "=m"(mxcsr_inside), "=m"(control_inside));
  ucontext_t* context = pointer;
  memcpy(&seen, &context->uc_mcontext.fpregs->_xmm[12], 8);
  __asm__ volatile("pcmpeqd %%xmm12, %%xmm12\n fninit\n fld1\n" : : : "xmm12");
}
static void edit(int number, siginfo_t* info, void* pointer) {
  (void)number, (void)info;
  ucontext_t* context = pointer;
  double other = 2.5;
  memcpy(&context->uc_mcontext.fpregs->_xmm[12], &other, 8);
  context->uc_mcontext.fpregs->mxcsr = 0x3f80;
}
static void drop(int number, siginfo_t* info, void* pointer) {
  (void)number, (void)info;
  ((ucontext_t*)pointer)->uc_mcontext.fpregs = NULL;
}
static void set(void (*handler)(int, siginfo_t*, void*)) {
  struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
  sigaction(SIGUSR1, &action, NULL);
}
// tgkill with xmm12 = value; what is in xmm12 and MXCSR afterwards.
static double raise_with(double value, uint32_t* mxcsr) {
  long result;
  double after;
  __asm__ volatile("movsd %3, %%xmm12\n syscall\n movsd %%xmm12, %1\n stmxcsr %2"
                   : "=a"(result), "=m"(after), "=m"(*mxcsr)
                   : "m"(value), "a"((long)SYS_tgkill), "D"((long)getpid()), "S"(syscall(SYS_gettid)),
                     "d"((long)SIGUSR1)
                   : "rcx", "r11", "memory", "xmm12");
  CHECK(result == 0);
  return after;
}
static void* rounding(void* out) {
  *(int*)out = fegetround();
  uint16_t control;
  __asm__ volatile("fnstcw %0" : "=m"(control));
  ((int*)out)[1] = control;
  return NULL;
}

int main(void) {
  uint32_t mxcsr;
  SECTION("initial state inside, own state afterwards");
  set(look);
  fesetround(FE_UPWARD);
  CHECK(raise_with(1.25, &mxcsr) == 1.25 && seen == 1.25);
  SAY("mxcsr %x control %x, then mxcsr %x", mxcsr_inside, control_inside, mxcsr & 0xffc0);
  uint16_t control;
  __asm__ volatile("fnstcw %0" : "=m"(control));
  SAY("control %x", control);
  SECTION("threads inherit the rounding mode");
  int out[2];
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, rounding, out) == 0 && pthread_join(thread, NULL) == 0);
  SAY("%x %x", out[0], out[1]);
  fesetround(FE_TONEAREST);
  SECTION("a handler edits the frame");
  set(edit);
  CHECK(raise_with(1.25, &mxcsr) == 2.5);
  SAY("mxcsr %x", mxcsr);
  mxcsr = 0x1f80;
  __asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));
  SECTION("a handler drops the state");
  set(drop);
  CHECK(raise_with(1.25, &mxcsr) == 0.0);
  SAY("mxcsr %x", mxcsr);
  SECTION("floating-point flags are kept");
  set(look);
  volatile double zero = 0;
  feclearexcept(FE_ALL_EXCEPT);
  volatile double infinite = 1 / zero;
  raise(SIGUSR1);
  CHECK(infinite > 1 && fetestexcept(FE_DIVBYZERO));
  return check_done();
}
