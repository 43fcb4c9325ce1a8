// SPDX-License-Identifier: Apache-2.0
// Sparse reservations as V8, Go and Java make them: huge PROT_NONE, parts committed by mprotect or MAP_FIXED.
#include "check.h"

int main(void) {
  const size_t huge = 64ul << 30;
  SECTION("reserve 64 GiB");
  char* p = mmap(NULL, huge, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  REQUIRE(p != MAP_FAILED);
  SECTION("commit by mprotect");
  for (int i = 0; i < 64; i++) {
    char* at = p + ((size_t)i << 30) + 0x5000;
    CHECK(mprotect(at, 8192, PROT_READ | PROT_WRITE) == 0);
    CHECK(at[0] == 0);
    at[8191] = (char)i;
  }
  SECTION("commit by MAP_FIXED");
  char* at = p + (huge - (1 << 20));
  CHECK(mmap(at, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == at);
  memset(at, 3, 1 << 20);
  SECTION("decommit");
  CHECK(mmap(at, 1 << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0) == at);
  CHECK(mprotect(at, 1 << 20, PROT_READ | PROT_WRITE) == 0 && at[0] == 0);
  SECTION("check and release");
  for (int i = 0; i < 64; i++) CHECK(p[((size_t)i << 30) + 0x5000 + 8191] == (char)i);
  CHECK(munmap(p, huge) == 0);
  SECTION("readable but untouched");
  p = mmap(NULL, 8ul << 30, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  REQUIRE(p != MAP_FAILED);
  for (int i = 0; i < 8; i++) CHECK(p[(size_t)i << 30] == 0);
  CHECK(munmap(p, 8ul << 30) == 0);
  return check_done();
}
