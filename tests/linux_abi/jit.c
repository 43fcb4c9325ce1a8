// SPDX-License-Identifier: Apache-2.0
// Code written at run time, with a system call in it: works when the policy allows dynamic code.
// allow: insecure_dynamic_code
#include "check.h"

// mov $39,%eax; syscall; ret
static const unsigned char code[] = {0xb8, 39, 0, 0, 0, 0x0f, 0x05, 0xc3};

int main(void) {
  SECTION("write, then make executable");
  unsigned char* p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(p != MAP_FAILED);
  memcpy(p, code, sizeof code);
  REQUIRE(mprotect(p, 4096, PROT_READ | PROT_EXEC) == 0);
  long (*call)(void) = (long (*)(void))(uintptr_t)p;
  for (int i = 0; i < 1000; i++) CHECK(call() == getpid());
  SECTION("change it");
  CHECK(mprotect(p, 4096, PROT_READ | PROT_WRITE) == 0);
  p[1] = (unsigned char)SYS_getppid;
  CHECK(mprotect(p, 4096, PROT_READ | PROT_EXEC) == 0);
  CHECK(call() == getppid());
  SECTION("writable and executable at once");
  unsigned char* wx = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (wx != MAP_FAILED) {
    memcpy(wx, code, sizeof code);
    CHECK(((long (*)(void))(uintptr_t)wx)() == getpid());
  }
  SECTION("many functions over many pages");
  unsigned char* many = mmap(NULL, 64 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (int i = 0; i < 64; i++) {
    unsigned char* f = many + i * 4096 + i * 7;
    f[0] = 0xb8, f[1] = (unsigned char)i, f[2] = f[3] = f[4] = 0, f[5] = 0xc3;
  }
  CHECK(mprotect(many, 64 * 4096, PROT_READ | PROT_EXEC) == 0);
  for (int i = 0; i < 64; i++) CHECK(((int (*)(void))(uintptr_t)(many + i * 4096 + i * 7))() == i);
  return check_done();
}
