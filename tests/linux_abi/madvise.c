// SPDX-License-Identifier: Apache-2.0
// madvise: DONTNEED gives zeroes (also on part of a mapping and on private file pages), the rest is accepted.
#include "check.h"
#ifndef MADV_FREE
#define MADV_FREE 8
#endif

int main(void) {
  char* p = mmap(NULL, 8 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(p != MAP_FAILED);
  memset(p, 1, 8 * 4096);
  SECTION("DONTNEED zeroes");
  CHECK(madvise(p + 4096, 2 * 4096, MADV_DONTNEED) == 0);
  CHECK(p[0] == 1 && p[4095] == 1 && p[4096] == 0 && p[3 * 4096 - 1] == 0 && p[3 * 4096] == 1);
  SECTION("DONTNEED over a guard page");
  CHECK(mprotect(p, 4096, PROT_NONE) == 0);
  CHECK(madvise(p, 8 * 4096, MADV_DONTNEED) == 0);
  for (int i = 4096; i < 8 * 4096; i += 512) CHECK(p[i] == 0);
  CHECK(mprotect(p, 4096, PROT_READ) == 0 && p[0] == 0);
  SECTION("DONTNEED on a private file mapping");
  int fd = open("f", O_RDWR | O_CREAT | O_TRUNC, 0600);
  char block[4096];
  memset(block, 'f', 4096);
  CHECK(write(fd, block, 4096) == 4096);
  char* f = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
  f[0] = 'x';
  CHECK(madvise(f, 4096, MADV_DONTNEED) == 0 && f[0] == 'f');
  SECTION("hints");
  memset(p + 4096, 2, 4096);
  CHECK(madvise(p + 4096, 4096, MADV_NORMAL) == 0 && madvise(p + 4096, 4096, MADV_RANDOM) == 0 &&
        madvise(p + 4096, 4096, MADV_SEQUENTIAL) == 0 && madvise(p + 4096, 4096, MADV_WILLNEED) == 0 &&
        madvise(p + 4096, 4096, MADV_DONTDUMP) == 0 && madvise(p + 4096, 4096, MADV_DODUMP) == 0);
  CHECK(p[4096] == 2);
  CHECK(madvise(p + 4096, 4096, MADV_FREE) == 0 && (p[4096] == 2 || p[4096] == 0));
  SECTION("errors");
  CHECK_ERRNO(madvise(p + 1, 4096, MADV_DONTNEED), EINVAL);
  CHECK_ERRNO(madvise(p, 4096, 9999), EINVAL);
  CHECK(munmap(p + 2 * 4096, 4096) == 0);
  CHECK_ERRNO(madvise(p, 8 * 4096, MADV_DONTNEED), ENOMEM);
  return check_done();
}
