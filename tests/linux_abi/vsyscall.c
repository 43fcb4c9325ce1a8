// SPDX-License-Identifier: Apache-2.0
// The legacy vsyscall page: three functions at fixed addresses. It answers, or it faults; both are fine.
#include "check.h"
#include <setjmp.h>
#include <sys/time.h>

static sigjmp_buf jump;
static void on_segv(int number) { siglongjmp(jump, number); }

int main(void) {
  signal(SIGSEGV, on_segv);
  if (sigsetjmp(jump, 1) == 0) {
    struct timeval tv = {0, 0};
    long r = ((long (*)(struct timeval*, void*))0xffffffffff600000ul)(&tv, NULL);
    CHECK(r == 0 && labs(tv.tv_sec - time(NULL)) < 5);
    time_t t = ((time_t(*)(time_t*))0xffffffffff600400ul)(NULL);
    CHECK(labs(t - time(NULL)) < 5);
  }
  SECTION("jump into its middle faults");
  int number = sigsetjmp(jump, 1);
  if (number == 0) {
    ((void (*)(void))0xffffffffff600123ul)();
    SAY("FAILED came back");
  }
  SAY("signal %d", number);
  return check_done();
}
