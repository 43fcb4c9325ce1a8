// SPDX-License-Identifier: Apache-2.0
// A shared file mapping: writes reach the file after msync, and reads see what write() put there.
#include "check.h"

int main(void) {
  int fd = open("shared", O_RDWR | O_CREAT | O_TRUNC, 0600);
  REQUIRE(fd >= 0 && ftruncate(fd, 8192) == 0);
  char* p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  REQUIRE(p != MAP_FAILED);
  SECTION("store, msync, read");
  memcpy(p + 100, "stored", 6);
  CHECK(msync(p, 8192, MS_SYNC) == 0);
  char back[6];
  CHECK(pread(fd, back, 6, 100) == 6 && memcmp(back, "stored", 6) == 0);
  SECTION("store, munmap, read");
  memcpy(p + 5000, "later!", 6);
  CHECK(munmap(p, 8192) == 0);
  CHECK(pread(fd, back, 6, 5000) == 6 && memcmp(back, "later!", 6) == 0);
  SECTION("of a file that is appended to");
  int log = open("log", O_RDWR | O_CREAT | O_TRUNC | O_APPEND, 0600);
  REQUIRE(log >= 0 && write(log, "hello", 5) == 5);
  p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, log, 0);
  REQUIRE(p != MAP_FAILED);
  p[0] = 'H';
  CHECK(msync(p, 4096, MS_SYNC) == 0);
  CHECK(write(log, "!", 1) == 1);
  p[1] = 'E';
  CHECK(munmap(p, 4096) == 0);
  char line[16] = "";
  CHECK(pread(log, line, sizeof line, 0) == 6 && strcmp(line, "HEllo!") == 0);
  SECTION("anonymous shared");
  p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  REQUIRE(p != MAP_FAILED);
  p[0] = 1;
  CHECK(p[0] == 1 && p[4095] == 0);
  return check_done();
}
