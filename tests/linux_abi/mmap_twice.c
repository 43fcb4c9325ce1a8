// SPDX-License-Identifier: Apache-2.0
// Two shared mappings of the same bytes, one of them written. An enclave cannot show one page at two addresses and
// refuses the second.
// case: disk
// case: memory
#include "check.h"
#include <sys/mman.h>

enum { kPage = 4096 };

static void say(const char* what, int done) { printf("%s: %s\n", what, done ? "done" : strerror(errno)); }

int main(int argc, char** argv) {
  const char* const path = argc > 1 && !strcmp(argv[1], "memory") ? "/dev/shm/cloister-twice" : "twice.tmp";
  int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
  REQUIRE(fd >= 0 && ftruncate(fd, 4 * kPage) == 0);
  char* map = mmap(NULL, 2 * kPage, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  REQUIRE(map != MAP_FAILED);
  say("second, to write", mmap(NULL, kPage, PROT_READ | PROT_WRITE, MAP_SHARED, fd, kPage) != MAP_FAILED);
  say("second, to read", mmap(NULL, kPage, PROT_READ, MAP_SHARED, fd, 0) != MAP_FAILED);
  char* beside = mmap(NULL, 2 * kPage, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 2 * kPage);
  say("other pages", beside != MAP_FAILED);
  say("private", mmap(NULL, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0) != MAP_FAILED);
  strcpy(map, "kept");
  char text[5] = "";
  CHECK(pread(fd, text, 5, 0) == 5 && !strcmp(text, "kept"));
  CHECK(munmap(map, 2 * kPage) == 0);
  map = mmap(NULL, kPage, PROT_READ, MAP_SHARED, fd, 2 * kPage);
  say("to read what another writes", map != MAP_FAILED);
  CHECK(munmap(beside, 2 * kPage) == 0);
  char* first = mmap(NULL, kPage, PROT_READ, MAP_SHARED, fd, 0);
  char* second = mmap(NULL, kPage, PROT_READ, MAP_SHARED, fd, 0);
  CHECK(first != MAP_FAILED && second != MAP_FAILED && !strcmp(first, "kept") && !strcmp(second, "kept"));
  say("writable later", mprotect(first, kPage, PROT_READ | PROT_WRITE) == 0);
  CHECK(munmap(second, kPage) == 0);
  say("writable alone", mprotect(first, kPage, PROT_READ | PROT_WRITE) == 0);
  unlink(path);
  return check_done();
}
