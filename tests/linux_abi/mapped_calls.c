// SPDX-License-Identifier: Apache-2.0
// Shared file mappings and calls on the same file show the same bytes, whichever descriptor the calls use.
// case: disk
// case: memory
#include "check.h"
#include <sys/mman.h>
#include <sys/uio.h>

enum { kSize = 64 << 10, kPage = 4096 };

static void check_calls(int fd, int other, char* map) {
  char text[32] = "", big[kSize];
  SECTION("what is stored is read");
  strcpy(map + 100, "stored");
  CHECK(pread(other, text, 7, 100) == 7 && !strcmp(text, "stored"));
  CHECK(lseek(fd, 100, SEEK_SET) == 100 && read(fd, text, 7) == 7 && !strcmp(text, "stored"));
  strcpy(map + 3 * kPage - 3, "across");
  struct iovec parts[2] = {{text, 3}, {text + 3, 4}};
  CHECK(preadv(other, parts, 2, 3 * kPage - 3) == 7 && !strcmp(text, "across"));
  SECTION("what is written is seen");
  CHECK(pwrite(other, "written", 8, 200) == 8 && !strcmp(map + 200, "written") && !strcmp(map + 100, "stored"));
  CHECK(lseek(fd, 5 * kPage - 2, SEEK_SET) > 0 && write(fd, "border", 7) == 7 &&
        !strcmp(map + 5 * kPage - 2, "border"));
  memset(big, 'b', sizeof big);
  CHECK(pwrite(fd, big, kSize - kPage, 0) == kSize - kPage && map[kSize - kPage - 1] == 'b' && map[0] == 'b');
  SECTION("both at once");
  for (int i = 0; i < 200; ++i) {
    map[i * 300] = (char)i;
    const char value = (char)(i + 1);
    CHECK(pwrite(i % 2 ? fd : other, &value, 1, i * 300 + 1) == 1);
    CHECK(map[i * 300] == (char)i && map[i * 300 + 1] == value);
    CHECK(pread(other, text, 2, i * 300) == 2 && text[0] == (char)i && text[1] == value);
  }
  SECTION("size");
  CHECK(ftruncate(fd, 2 * kPage + 10) == 0 && map[2 * kPage + 9] == 'b' && map[2 * kPage + 10] == 0);
  CHECK(ftruncate(fd, kSize) == 0 && map[2 * kPage + 10] == 0 && map[kSize - 1] == 0);
  CHECK(lseek(fd, 0, SEEK_END) == kSize && write(fd, "end", 3) == 3 && pread(other, text, 3, kSize) == 3);
}

int main(int argc, char** argv) {
  const int in_memory = argc > 1 && !strcmp(argv[1], "memory");
  const char* const path = in_memory ? "/dev/shm/cloister-mapped" : "mapped.tmp";
  int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
  REQUIRE(fd >= 0 && ftruncate(fd, kSize) == 0);
  int other = open(path, O_RDWR);
  char* map = mmap(NULL, kSize, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  REQUIRE(map != MAP_FAILED && other >= 0);
  check_calls(fd, other, map);
  SECTION("a new descriptor, and a mapping without one");
  int third = open(path, O_RDONLY);
  char text[8] = "";
  strcpy(map + 500, "later");
  CHECK(pread(third, text, 6, 500) == 6 && !strcmp(text, "later"));
  close(fd);
  close(third);
  CHECK(pwrite(other, "still", 6, 700) == 6 && !strcmp(map + 700, "still"));
  CHECK(munmap(map, kSize) == 0);
  CHECK(pread(other, text, 6, 500) == 6 && !strcmp(text, "later"));
  SECTION("two views that are only read");
  char* first = mmap(NULL, kSize, PROT_READ, MAP_SHARED, other, 0);
  char* second = mmap(NULL, kPage, PROT_READ, MAP_SHARED, other, 0);
  REQUIRE(first != MAP_FAILED && second != MAP_FAILED);
  CHECK(!strcmp(first + 500, "later") && !strcmp(second + 500, "later"));
  CHECK(pwrite(other, "after", 6, 500) == 6 && !strcmp(first + 500, "after") && !strcmp(second + 500, "after"));
  close(other);
  unlink(path);
  return check_done();
}
