// SPDX-License-Identifier: Apache-2.0
// Mapping variants: anonymous, fixed, hints, files private and shared, splitting, errors.
#include "check.h"

int main(void) {
  SECTION("anonymous");
  char* p = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(p != MAP_FAILED);
  CHECK(((uintptr_t)p & 4095) == 0);
  for (int i = 0; i < 3 * 4096; i++) CHECK(p[i] == 0);
  memset(p, 7, 3 * 4096);
  CHECK(munmap(p + 4096, 4096) == 0);
  CHECK(p[0] == 7 && p[2 * 4096] == 7);
  char* q = mmap(p + 4096, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  CHECK(q == p + 4096 && q[0] == 0 && q[4095] == 0);
  SECTION("fixed replaces");
  q = mmap(p, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  CHECK(q == p && p[0] == 0 && p[2 * 4096] == 7);
  SECTION("fixed noreplace");
  CHECK_ERRNO(mmap(p, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0), EEXIST);
  CHECK(munmap(p, 4096) == 0);
  q = mmap(p, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  CHECK(q == p && q[5] == 0);
  SECTION("hint");
  char* hole = mmap(NULL, 1 << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap(hole, 1 << 20);
  q = mmap(hole, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(q == hole);
  q[0] = 1;
  SECTION("errors");
  CHECK_ERRNO(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), EINVAL);
  CHECK_ERRNO(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, -1, 0), EBADF);
  CHECK_ERRNO(mmap(NULL, 4096, PROT_READ, MAP_ANONYMOUS, -1, 0), EINVAL);
  CHECK_ERRNO(munmap(p + 1, 4096), EINVAL);
  CHECK_ERRNO(munmap(p, 0), EINVAL);
  CHECK_ERRNO(mmap((void*)123, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), EINVAL);
  CHECK(munmap(hole + (1 << 19), 4096) == 0);  // nothing there: fine
  SECTION("private file");
  int fd = open("mapped", O_RDWR | O_CREAT | O_TRUNC, 0600);
  REQUIRE(fd >= 0);
  char block[8192];
  for (int i = 0; i < 8192; i++) block[i] = (char)(i / 7);
  CHECK(write(fd, block, 8192) == 8192);
  CHECK(write(fd, "end", 3) == 3);
  char* f = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
  REQUIRE(f != MAP_FAILED);
  CHECK(memcmp(f, block, 8192) == 0 && memcmp(f + 8192, "end", 3) == 0);
  for (int i = 8195; i < 3 * 4096; i++) CHECK(f[i] == 0);
  f[0] = 99;
  char byte;
  CHECK(pread(fd, &byte, 1, 0) == 1 && byte == block[0]);
  SECTION("file offset");
  char* g = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 4096);
  REQUIRE(g != MAP_FAILED);
  CHECK(memcmp(g, block + 4096, 4096) == 0);
  CHECK_ERRNO(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 100), EINVAL);
  close(fd);
  CHECK(memcmp(g, block + 4096, 4096) == 0);  // the mapping outlives the descriptor
  SECTION("descriptor rights");
  fd = open("mapped", O_WRONLY);
  CHECK_ERRNO(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0), EACCES);
  close(fd);
  fd = open("mapped", O_RDONLY);
  CHECK_ERRNO(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), EACCES);
  g = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
  CHECK(g != MAP_FAILED);
  g[1] = 5;
  close(fd);
  SECTION("many small mappings");
  char* many[500];
  for (int i = 0; i < 500; i++) {
    many[i] = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(many[i] != MAP_FAILED);
    many[i][4096] = (char)i;
  }
  for (int i = 0; i < 500; i += 2) CHECK(munmap(many[i], 8192) == 0);
  for (int i = 1; i < 500; i += 2) CHECK(many[i][4096] == (char)i && many[i][0] == 0);
  SECTION("recycled pages are zero");
  for (int round = 0; round < 30; round++) {
    char* r = mmap(NULL, 4 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(r != MAP_FAILED);
    for (int i = 0; i < 4 << 20; i += 512) CHECK(r[i] == 0);
    memset(r, 0x5a, 4 << 20);
    munmap(r, 4 << 20);
  }
  return check_done();
}
