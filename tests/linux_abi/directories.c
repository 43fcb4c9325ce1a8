// SPDX-License-Identifier: Apache-2.0
// Directories, names and links: mkdir, getdents, rename, link, symlink, unlink, *at calls, cwd, paths with dots.
#include "check.h"
#include <dirent.h>
#include <sys/vfs.h>

static int by_name(const void* a, const void* b) { return strcmp(*(char* const*)a, *(char* const*)b); }
static void list(const char* path) {
  DIR* d = opendir(path);
  REQUIRE(d);
  char* names[500];
  int count = 0;
  for (struct dirent* e; (e = readdir(d)) && count < 500;) {
    char type = e->d_type == DT_DIR ? 'd' : e->d_type == DT_LNK ? 'l' : e->d_type == DT_REG ? '-' : '?';
    REQUIRE(asprintf(&names[count++], "%c %s", type, e->d_name) > 0);
  }
  closedir(d);
  qsort(names, (size_t)count, sizeof names[0], by_name);
  for (int i = 0; i < count; i++) {
    if (count < 20) SAY("  %s", names[i]);
    free(names[i]);
  }
  SAY("  %d entries", count);
}
static void make(const char* path) {
  int fd = open(path, O_WRONLY | O_CREAT, 0644);
  REQUIRE(fd >= 0);
  close(fd);
}

int main(void) {
  char b[PATH_MAX], where[PATH_MAX];
  struct stat st, st2;
  SECTION("mkdir");
  CHECK(mkdir("d", 0755) == 0);
  CHECK_ERRNO(mkdir("d", 0755), EEXIST);
  CHECK_ERRNO(mkdir("no/such", 0755), ENOENT);
  make("d/file");
  CHECK_ERRNO(mkdir("d/file/x", 0755), ENOTDIR);
  list("d");
  SECTION("links");
  CHECK(link("d/file", "d/hard") == 0 && symlink("file", "d/soft") == 0 && symlink("nowhere", "d/dangling") == 0 &&
        symlink("loop", "d/loop") == 0);
  CHECK(stat("d/file", &st) == 0 && st.st_nlink == 2 && stat("d/soft", &st2) == 0 && st.st_ino == st2.st_ino);
  CHECK(lstat("d/soft", &st) == 0 && S_ISLNK(st.st_mode) && st.st_size == 4);
  CHECK(readlink("d/soft", b, sizeof b) == 4 && memcmp(b, "file", 4) == 0 && readlink("d/soft", b, 2) == 2);
  CHECK_ERRNO(readlink("d/file", b, sizeof b), EINVAL);
  CHECK_ERRNO(open("d/dangling", O_RDONLY), ENOENT);
  CHECK_ERRNO(open("d/loop", O_RDONLY), ELOOP);
  CHECK_ERRNO(open("d/soft", O_RDONLY | O_NOFOLLOW), ELOOP);
  CHECK_ERRNO(link("d/file", "d/soft"), EEXIST);
  CHECK_ERRNO(symlink("x", "d/file"), EEXIST);
  list("d");
  SECTION("the working directory by its own name");
  char own[PATH_MAX], other[PATH_MAX];
  REQUIRE(getcwd(where, sizeof where) != NULL);
  CHECK(mkdir("d/own", 0700) == 0 && mkdir("d/own/sub", 0700) == 0 && symlink("own", "d/link") == 0 &&
        symlink("d/link/sub", "chain") == 0);
  CHECK(chdir("d/own/sub") == 0 && getcwd(own, sizeof own) != NULL && chdir(where) == 0);
  CHECK(chdir("d/link/sub") == 0 && getcwd(other, sizeof other) != NULL && strcmp(own, other) == 0 &&
        chdir(where) == 0);
  CHECK(chdir("chain") == 0 && getcwd(other, sizeof other) != NULL && strcmp(own, other) == 0);
  CHECK(chdir("../..") == 0 && access("soft", F_OK) == 0 && chdir(where) == 0);
  int chain = open("chain", O_RDONLY | O_DIRECTORY);
  CHECK(chain >= 0 && fchdir(chain) == 0 && getcwd(other, sizeof other) != NULL && strcmp(own, other) == 0);
  CHECK(chdir(where) == 0 && close(chain) == 0 && unlink("chain") == 0 && unlink("d/link") == 0);
  CHECK(rmdir("d/own/sub") == 0 && rmdir("d/own") == 0);
  SECTION("rename");
  CHECK(rename("d/hard", "d/renamed") == 0);
  make("d/target");
  CHECK(rename("d/renamed", "d/target") == 0);
  CHECK_ERRNO(stat("d/renamed", &st), ENOENT);
  CHECK_ERRNO(rename("d/none", "d/y"), ENOENT);
  CHECK(mkdir("e", 0700) == 0);
  CHECK_ERRNO(rename("d/target", "e"), EISDIR);
  CHECK_ERRNO(rename("e", "d/target"), ENOTDIR);
  CHECK_ERRNO(rename("d", "e/../d/inside"), EINVAL);
  CHECK(rename("e", "d/e") == 0);
  CHECK_ERRNO(syscall(SYS_renameat2, AT_FDCWD, "d/target", AT_FDCWD, "d/file", 1), EEXIST);
  SECTION("unlink and rmdir");
  CHECK_ERRNO(unlink("d/e"), EISDIR);
  CHECK_ERRNO(rmdir("d"), ENOTEMPTY);
  CHECK_ERRNO(rmdir("d/file"), ENOTDIR);
  CHECK_ERRNO(unlink("d/none"), ENOENT);
  CHECK(rmdir("d/e") == 0 && unlink("d/target") == 0 && unlink("d/loop") == 0);
  list("d");
  SECTION("at calls");
  int dir = open("d", O_RDONLY | O_DIRECTORY);
  CHECK(mkdirat(dir, "sub", 0755) == 0 && fstatat(dir, "sub", &st, 0) == 0 && S_ISDIR(st.st_mode));
  int fd = openat(dir, "sub/new", O_RDWR | O_CREAT, 0600);
  CHECK(fd >= 0 && faccessat(dir, "sub/new", R_OK, 0) == 0 && close(fd) == 0);
  CHECK(renameat(dir, "sub/new", AT_FDCWD, "moved") == 0 && linkat(AT_FDCWD, "moved", dir, "linked", 0) == 0);
  CHECK(symlinkat("linked", dir, "symbolic") == 0 && readlinkat(dir, "symbolic", b, sizeof b) == 6);
  CHECK(fstatat(dir, "symbolic", &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode));
  CHECK(fstatat(dir, "", &st, AT_EMPTY_PATH) == 0 && S_ISDIR(st.st_mode));
  CHECK(unlinkat(dir, "sub", AT_REMOVEDIR) == 0 && unlinkat(dir, "linked", 0) == 0 &&
        unlinkat(dir, "symbolic", 0) == 0);
  fd = open("moved", O_RDONLY);
  CHECK_ERRNO(openat(fd, "x", O_RDONLY), ENOTDIR);
  CHECK_ERRNO(openat(99, "x", O_RDONLY), EBADF);
  CHECK_ERRNO(read(dir, b, 10), EISDIR);
  SECTION("working directory");
  REQUIRE(getcwd(where, sizeof where));
  CHECK(chdir("d") == 0 && getcwd(b, sizeof b) && strlen(b) == strlen(where) + 2 &&
        strcmp(b + strlen(where), "/d") == 0);
  CHECK(stat("file", &st) == 0 && stat("../d/./file", &st2) == 0 && st.st_ino == st2.st_ino &&
        stat("..//d//file", &st2) == 0);
  CHECK(stat("../../../../../../../../../../../..", &st) == 0 && stat("/", &st2) == 0 && st.st_ino == st2.st_ino);
  CHECK_ERRNO(chdir("file"), ENOTDIR);
  CHECK_ERRNO(chdir("none"), ENOENT);
  CHECK(chdir("..") == 0 && fchdir(dir) == 0 && access("file", F_OK) == 0 && chdir(where) == 0);
  CHECK_ERRNO(fchdir(fd), ENOTDIR);
  CHECK_ERRNO(syscall(SYS_getcwd, b, 1), ERANGE);
  CHECK(realpath("d/../d/soft", b) && strcmp(b + strlen(where), "/d/file") == 0);
  SECTION("many entries");
  CHECK(mkdir("many", 0755) == 0 && chdir("many") == 0);
  for (int i = 0; i < 300; i++) {
    snprintf(b, sizeof b, "a-rather-long-file-name-number-%d", i);
    make(b);
  }
  CHECK(chdir("..") == 0);
  list("many");
  DIR* d = opendir("many");
  readdir(d);
  long position = telldir(d);
  struct dirent* first = readdir(d);
  char name[256];
  strcpy(name, first->d_name);
  readdir(d);
  seekdir(d, position);
  CHECK(strcmp(readdir(d)->d_name, name) == 0);
  rewinddir(d);
  CHECK(readdir(d) != NULL && closedir(d) == 0);
  SECTION("positions beyond all numbers");
  const off_t far = (off_t)6 << 60;
  int memory = open("/dev/shm", O_RDONLY | O_DIRECTORY);
  REQUIRE(memory >= 0);
  CHECK(lseek(memory, far, SEEK_SET) == far);
  CHECK_ERRNO(lseek(memory, far, SEEK_CUR), EINVAL);
  CHECK_ERRNO(lseek(memory, -far - 1, SEEK_CUR), EINVAL);
  CHECK(lseek(memory, 0, SEEK_CUR) == far && close(memory) == 0);
  return check_done();
}
