// SPDX-License-Identifier: Apache-2.0
// Root that becomes somebody else: what it may still do with files, and whose the new ones are.
#include "check.h"
#include <grp.h>
#include <sys/fsuid.h>
#include <sys/statfs.h>

enum { kNobody = 65534, kGroup = 4711 };

static void show_owner(const char* path) {
  struct stat status;
  REQUIRE(lstat(path, &status) == 0);
  SAY("%s: %o %u %u", path, status.st_mode, status.st_uid, status.st_gid);
}

static void make_file(const char* path, mode_t mode) {
  int file = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
  REQUIRE(file >= 0 && write(file, "data", 4) == 4 && fchmod(file, mode) == 0 && close(file) == 0);
}

static void refused(void) {
  struct stat status;
  struct statfs filesystem;
  char text[16];
  CHECK_ERRNO(open("closed/file", O_RDONLY), EACCES);
  CHECK_ERRNO(stat("closed/file", &status), EACCES);
  CHECK_ERRNO(statfs("closed/file", &filesystem), EACCES);
  CHECK_ERRNO((int)readlink("closed/link", text, sizeof text), EACCES);
  CHECK_ERRNO(truncate("closed/file", 0), EACCES);
  CHECK_ERRNO(chdir("closed"), EACCES);
  CHECK_ERRNO(access("closed/file", F_OK), EACCES);
  CHECK_ERRNO(open("private", O_RDONLY), EACCES);
  CHECK_ERRNO(open("readable", O_WRONLY), EACCES);
  CHECK_ERRNO(open("readable", O_RDONLY | O_NOATIME), EPERM);
  CHECK_ERRNO(open("new", O_WRONLY | O_CREAT, 0600), EACCES);
  CHECK_ERRNO(mkdir("new", 0700), EACCES);
  CHECK_ERRNO(symlink("x", "new"), EACCES);
  CHECK_ERRNO(rename("readable", "new"), EACCES);
  CHECK_ERRNO(unlink("readable"), EACCES);
  CHECK_ERRNO(chmod("readable", 0666), EPERM);
  CHECK_ERRNO(chown("readable", kNobody, kNobody), EPERM);
  CHECK_ERRNO(utimensat(AT_FDCWD, "readable", (struct timespec[2]){{1, 0}, {1, 0}}, 0), EPERM);
  int file = open("readable", O_RDONLY);
  REQUIRE(file >= 0);
  CHECK_ERRNO(fchmod(file, 0666), EPERM);
  CHECK_ERRNO(fchown(file, kNobody, kNobody), EPERM);
  CHECK_ERRNO(futimens(file, (struct timespec[2]){{1, 0}, {1, 0}}), EPERM);
  CHECK_ERRNO(unlink("sticky/root"), EPERM);
  CHECK(close(file) == 0);
}

static void own(void) {
  int file = open("open/file", O_RDWR | O_CREAT | O_EXCL, 0640);
  REQUIRE(file >= 0);
  show_owner("open/file");
  CHECK(fchmod(file, 0600) == 0 && close(file) == 0);
  CHECK(mkdir("open/folder", 0750) == 0 && symlink("file", "open/link") == 0 && mkfifo("open/pipe", 0600) == 0);
  show_owner("open/folder");
  show_owner("open/link");
  show_owner("open/pipe");
  CHECK_ERRNO(chown("open/file", 0, (gid_t)-1), EPERM);
  CHECK_ERRNO(chown("open/file", (uid_t)-1, 1), EPERM);
  file = open("set-group/file", O_WRONLY | O_CREAT | O_EXCL, 0600);
  CHECK(file >= 0 && close(file) == 0 && mkdir("set-group/folder", 0755) == 0);
  show_owner("set-group/file");
  show_owner("set-group/folder");
  CHECK(unlink("open/file") == 0 && unlink("open/link") == 0 && unlink("open/pipe") == 0 && rmdir("open/folder") == 0);
  CHECK(unlink("set-group/file") == 0 && rmdir("set-group/folder") == 0);
}

static void* in_thread(void* argument) {
  ((void (*)(void))argument)();
  return NULL;
}
static void run_in_thread(void (*what)(void)) {
  pthread_t thread;
  REQUIRE(pthread_create(&thread, NULL, in_thread, (void*)what) == 0 && pthread_join(thread, NULL) == 0);
}

int main(void) {
  if (geteuid() != 0) {
    SAY("only root can become somebody else");
    return check_done();
  }
  umask(0);
  // Where everybody gets to, unlike the folder that the tests run in.
  char place[] = "/tmp/dropped.XXXXXX";
  REQUIRE(mkdtemp(place) != NULL && chmod(place, 0755) == 0 && chdir(place) == 0);
  REQUIRE(mkdir("closed", 0700) == 0 && mkdir("open", 0777) == 0);
  REQUIRE(mkdir("sticky", 01777) == 0 && mkdir("set-group", 0777) == 0 && chown("set-group", 0, kGroup) == 0);
  REQUIRE(chmod("set-group", 02777) == 0 && symlink("file", "closed/link") == 0);
  make_file("closed/file", 0666);
  REQUIRE(mkdir("closed/inner", 0755) == 0);
  make_file("closed/inner/file", 0644);
  int closed = open("closed", O_RDONLY | O_DIRECTORY), inner = open("closed/inner", O_RDONLY | O_DIRECTORY);
  REQUIRE(closed >= 0 && inner >= 0);
  make_file("private", 0600);
  make_file("readable", 0644);
  make_file("sticky/root", 0666);
  make_file("of-group", 0640);
  REQUIRE(chown("of-group", 0, kGroup) == 0);

  SECTION("effective user");
  REQUIRE(setegid(kNobody) == 0 && seteuid(kNobody) == 0);
  CHECK(access("private", R_OK) == 0);  // which asks for the real user
  CHECK_ERRNO(eaccess("private", R_OK), EACCES);
  CHECK_ERRNO(open("private", O_RDONLY), EACCES);
  CHECK_ERRNO(faccessat(AT_FDCWD, "closed/file", F_OK, AT_EACCESS), EACCES);
  REQUIRE(seteuid(0) == 0 && setegid(0) == 0);
  CHECK(open("private", O_RDONLY) >= 0);
  SECTION("file-system user");
  CHECK(setfsuid(kNobody) == 0);
  CHECK_ERRNO(open("private", O_RDONLY), EACCES);
  CHECK(setfsuid(0) == kNobody);
  CHECK(open("private", O_RDONLY) >= 0);
  SECTION("groups");
  const gid_t groups[] = {kGroup};
  REQUIRE(setgroups(1, groups) == 0 && setresgid(kNobody, kNobody, kNobody) == 0);
  int file = open("open/group", O_WRONLY | O_CREAT | O_EXCL, 0600);
  CHECK(file >= 0 && close(file) == 0);
  show_owner("open/group");
  REQUIRE(setresuid(kNobody, kNobody, 0) == 0);
  CHECK(open("of-group", O_RDONLY) >= 0);
  CHECK_ERRNO(open("of-group", O_WRONLY), EACCES);
  SECTION("real and effective user");
  refused();
  own();
  SECTION("in another thread");
  run_in_thread(refused);
  run_in_thread(own);
  SECTION("below what is closed");
  CHECK(fchdir(inner) == 0);
  file = open("file", O_RDONLY);
  CHECK(file >= 0 && close(file) == 0);
  CHECK_ERRNO(fchdir(closed), EACCES);
  CHECK_ERRNO(openat(closed, "file", O_RDONLY), EACCES);
  file = openat(inner, "file", O_RDONLY);
  CHECK(file >= 0);
  SECTION("root again");
  REQUIRE(seteuid(0) == 0 && chdir(place) == 0);
  const char* const made[] = {"closed/inner/file", "closed/file", "closed/link", "private",
                              "readable",          "sticky/root", "of-group",    "open/group"};
  for (size_t i = 0; i < sizeof made / sizeof made[0]; i++) CHECK(unlink(made[i]) == 0);
  const char* const folders[] = {"closed/inner", "closed", "open", "sticky", "set-group", place};
  for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) CHECK(rmdir(folders[i]) == 0);
  return check_done();
}
