// SPDX-License-Identifier: Apache-2.0
// /dev/null, zero, full, random, urandom.
#include "check.h"

int main(void) {
  char b[5000];
  SECTION("null");
  int fd = open("/dev/null", O_RDWR);
  REQUIRE(fd >= 0);
  CHECK(write(fd, b, 5000) == 5000 && read(fd, b, 5000) == 0 && lseek(fd, 10, SEEK_SET) >= 0);
  SECTION("zero");
  fd = open("/dev/zero", O_RDWR);
  memset(b, 1, sizeof b);
  CHECK(read(fd, b, 5000) == 5000 && write(fd, b, 77) == 77);
  for (int i = 0; i < 5000; i++) CHECK(b[i] == 0);
  char* p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
  CHECK(p != MAP_FAILED && p[0] == 0 && (p[8191] = 1));
  SECTION("full");
  fd = open("/dev/full", O_RDWR);
  CHECK(fd >= 0 && read(fd, b, 100) == 100 && b[50] == 0);
  CHECK_ERRNO(write(fd, b, 1), ENOSPC);
  const char* names[] = {"/dev/urandom", "/dev/random"};
  for (int n = 0; n < 2; n++) {
    SECTION(names[n]);
    fd = open(names[n], O_RDONLY);
    REQUIRE(fd >= 0);
    CHECK(read(fd, b, 4000) == 4000);
    int counts[256] = {0}, least = 4000, most = 0;
    for (int i = 0; i < 4000; i++) counts[(unsigned char)b[i]]++;
    for (int i = 0; i < 256; i++) {
      if (counts[i] < least) least = counts[i];
      if (counts[i] > most) most = counts[i];
    }
    CHECK(least > 0 && most < 50);
  }
  SECTION("not there");
  CHECK_ERRNO(open("/dev/nonexistent", O_RDONLY), ENOENT);
  return check_done();
}
