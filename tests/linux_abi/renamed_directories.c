// SPDX-License-Identifier: Apache-2.0
// The working directory and an open directory stay what they are when something above them is renamed, also when
// another directory then bears the old name.
#include <linux/fs.h>
#include <sys/syscall.h>
#include "check.h"

static void put(const char* path, const char* text) {
  const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  REQUIRE(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) && close(fd) == 0);
}

static int holds(int directory, const char* path, const char* text) {
  char got[16] = "";
  const int fd = openat(directory, path, O_RDONLY);
  if (fd < 0) return 0;
  const int is = read(fd, got, sizeof got - 1) >= 0 && strcmp(got, text) == 0;
  close(fd);
  return is;
}

static void check_in(const char* base) {
  char was[4096], from[4300], to[4300], where[4300], expected[4300];
  REQUIRE(getcwd(was, sizeof was) != NULL && chdir(base) == 0 && getcwd(from, 4096) != NULL);
  strcpy(to, from);
  strcpy(expected, from);
  strcat(from, "/old");
  strcat(to, "/new");
  REQUIRE(mkdir("old", 0700) == 0 && mkdir("old/x", 0700) == 0 && mkdir("other", 0700) == 0 &&
          mkdir("other/x", 0700) == 0);
  put("old/x/f", "right");
  put("other/x/f", "wrong");
  const int directory = open("old/x", O_RDONLY | O_DIRECTORY);
  REQUIRE(directory >= 0 && chdir("old/x") == 0);
  CHECK(rename(from, to) == 0);
  CHECK(holds(directory, "f", "right") && holds(AT_FDCWD, "f", "right") && holds(directory, "../x/f", "right"));
  CHECK(getcwd(where, sizeof where) != NULL && strcmp(where, strcat(strcpy(expected, to), "/x")) == 0);
  CHECK(rename("../../other", from) == 0);
  CHECK(holds(directory, "f", "right") && holds(AT_FDCWD, "f", "right") && holds(AT_FDCWD, "../../old/x/f", "wrong"));
  CHECK(syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, RENAME_EXCHANGE) == 0);
  CHECK(holds(directory, "f", "right") && holds(AT_FDCWD, "../../old/x/f", "right") &&
        holds(AT_FDCWD, "../../new/x/f", "wrong"));
  CHECK(unlinkat(directory, "f", 0) == 0 && !holds(AT_FDCWD, "f", "right") &&
        holds(AT_FDCWD, "../../new/x/f", "wrong"));
  CHECK(unlink("../../new/x/f") == 0 && chdir("../..") == 0);
  CHECK(rmdir("old/x") == 0 && rmdir("old") == 0 && rmdir("new/x") == 0 && rmdir("new") == 0);
  CHECK(close(directory) == 0 && chdir(was) == 0);
}

int main(void) {
  SECTION("of the host");
  check_in(".");
  SECTION("in memory");
  check_in("/dev/shm");
  return check_done();
}
