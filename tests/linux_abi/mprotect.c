// SPDX-License-Identifier: Apache-2.0
// Protection faults reach a handler with the right address and code, and siglongjmp gets out of it.
#include "check.h"
#include <setjmp.h>

static sigjmp_buf jump;
static volatile siginfo_t seen;

static void on_fault(int number, siginfo_t* info, void* context) {
  (void)context;
  seen = *info;
  siglongjmp(jump, number);
}

static int touch(volatile char* p, int write) {
  int number = sigsetjmp(jump, 1);
  if (number) return number;
  if (write)
    *p = 1;
  else
    (void)*p;
  return 0;
}

int main(void) {
  struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
  sigaction(SIGSEGV, &action, NULL);
  sigaction(SIGBUS, &action, NULL);
  char* p = mmap(NULL, 4 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(p != MAP_FAILED);
  p[0] = 3;
  SECTION("read only");
  CHECK(mprotect(p, 4096, PROT_READ) == 0);
  CHECK(touch(p, 0) == 0);
  CHECK(touch(p + 17, 1) == SIGSEGV && seen.si_addr == p + 17 && seen.si_code == SEGV_ACCERR && p[0] == 3);
  SECTION("none");
  CHECK(mprotect(p, 4096, PROT_NONE) == 0);
  CHECK(touch(p + 5, 0) == SIGSEGV && seen.si_addr == p + 5 && seen.si_code == SEGV_ACCERR);
  SECTION("write again");
  CHECK(mprotect(p, 4096, PROT_READ | PROT_WRITE) == 0);
  CHECK(touch(p, 1) == 0 && p[0] == 1);
  SECTION("unmapped");
  CHECK(munmap(p + 4096, 4096) == 0);
  CHECK(touch(p + 4096 + 8, 0) == SIGSEGV && seen.si_addr == p + 4096 + 8 && seen.si_code == SEGV_MAPERR);
  CHECK_ERRNO(mprotect(p, 2 * 4096, PROT_READ | PROT_WRITE), ENOMEM);
  CHECK(touch((char*)16, 0) == SIGSEGV && seen.si_addr == (void*)16 && seen.si_code == SEGV_MAPERR);
  SECTION("touched never before");
  char* fresh = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(touch(fresh, 0) == SIGSEGV && seen.si_code == SEGV_ACCERR);
  CHECK(mprotect(fresh, 4096, PROT_READ) == 0 && touch(fresh, 0) == 0 && fresh[0] == 0);
  CHECK(touch(fresh, 1) == SIGSEGV && seen.si_code == SEGV_ACCERR);
  SECTION("errors");
  CHECK_ERRNO(mprotect(p + 1, 4096, PROT_READ), EINVAL);
  SECTION("split and merge");
  char* s = mmap(NULL, 16 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memset(s, 9, 16 * 4096);
  for (int i = 0; i < 16; i += 2) CHECK(mprotect(s + i * 4096, 4096, PROT_READ) == 0);
  for (int i = 0; i < 16; i++) CHECK(touch(s + i * 4096 + 1, 1) == (i % 2 ? 0 : SIGSEGV));
  CHECK(mprotect(s, 16 * 4096, PROT_READ | PROT_WRITE) == 0);
  for (int i = 0; i < 16; i++) CHECK(touch(s + i * 4096 + 1, 1) == 0 && s[i * 4096 + 2] == 9);
  SECTION("non-canonical");
  CHECK(touch((char*)0x8000000000000000ul, 0) == SIGSEGV && seen.si_code == SI_KERNEL && seen.si_addr == NULL);
  SECTION("many faults");
  CHECK(mprotect(p, 4096, PROT_NONE) == 0);
  for (int i = 0; i < 2000; i++) CHECK(touch(p + i, 0) == SIGSEGV && seen.si_addr == p + i);
  return check_done();
}
