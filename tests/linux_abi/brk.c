// SPDX-License-Identifier: Apache-2.0
// The program break: contiguous, zeroed, shrinks and grows again.
// build: pie nopie static static-pie musl
#include "check.h"

int main(void) {
  char* start = (char*)syscall(SYS_brk, 0);
  char* aligned = (char*)(((uintptr_t)start + 4095) & ~4095ul);
  SECTION("grow");
  CHECK((char*)syscall(SYS_brk, aligned + 0x100000) == aligned + 0x100000);
  for (int i = 0; i < 0x100000; i += 64) CHECK(aligned[i] == 0);
  memset(aligned, 5, 0x100000);
  SECTION("shrink and grow is zero again");
  CHECK((char*)syscall(SYS_brk, aligned + 0x1000) == aligned + 0x1000);
  CHECK((char*)syscall(SYS_brk, aligned + 0x200000) == aligned + 0x200000);
  CHECK(aligned[0] == 5);
  for (int i = 0x1000; i < 0x200000; i += 64) CHECK(aligned[i] == 0);
  SECTION("unaligned");
  CHECK((char*)syscall(SYS_brk, aligned + 0x200123) == aligned + 0x200123);
  aligned[0x200122] = 1;
  SECTION("refused: below the start, absurd");
  CHECK((char*)syscall(SYS_brk, (char*)0x8000) == aligned + 0x200123);
  CHECK((char*)syscall(SYS_brk, (char*)0x7000000000000000) == aligned + 0x200123);
  CHECK((char*)syscall(SYS_brk, 0) == aligned + 0x200123);
  SECTION("malloc");
  for (int i = 0; i < 10000; i++) {
    char* p = malloc(100 + (size_t)i % 900);
    REQUIRE(p);
    p[0] = (char)i;
    if (i % 3 == 0) free(p);
  }
  return check_done();
}
