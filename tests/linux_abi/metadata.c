// SPDX-License-Identifier: Apache-2.0
// What stat tells: types, sizes, modes, times; chmod, utimensat, umask, access, statx, statfs.
#include "check.h"
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

static const char* type(mode_t m) {
  return S_ISREG(m)    ? "file"
         : S_ISDIR(m)  ? "directory"
         : S_ISLNK(m)  ? "link"
         : S_ISCHR(m)  ? "character"
         : S_ISFIFO(m) ? "pipe"
         : S_ISSOCK(m) ? "socket"
                       : "other";
}

int main(void) {
  struct stat st;
  SECTION("umask");
  mode_t old = umask(027);
  CHECK(old == 022 && umask(027) == 027);
  int fd = open("f", O_RDWR | O_CREAT | O_TRUNC, 0666);
  CHECK(fstat(fd, &st) == 0 && (st.st_mode & 07777) == 0640);
  CHECK(mkdir("d", 0777) == 0 && stat("d", &st) == 0 && (st.st_mode & 07777) == 0750);
  SECTION("size, blocks, links, ids");
  CHECK(write(fd, "0123456789", 10) == 10 && fstat(fd, &st) == 0 && st.st_size == 10 && st.st_nlink == 1 &&
        st.st_blksize > 0);
  CHECK(st.st_uid == geteuid() && st.st_ino != 0);
  SECTION("chmod");
  CHECK(chmod("f", 0604) == 0 && stat("f", &st) == 0 && (st.st_mode & 07777) == 0604);
  CHECK(fchmod(fd, 0600) == 0 && fstat(fd, &st) == 0 && (st.st_mode & 07777) == 0600);
  CHECK_ERRNO(chmod("none", 0600), ENOENT);
  SECTION("access");
  CHECK(access("f", R_OK | W_OK) == 0 && access("f", F_OK) == 0);
  CHECK_ERRNO(access("f", X_OK), EACCES);
  CHECK_ERRNO(access("none", F_OK), ENOENT);
  CHECK_ERRNO(access("f", 99), EINVAL);
  SECTION("times");
  struct timespec times[2] = {{1000000000, 123456789}, {1500000000, 987654321}};
  CHECK(utimensat(AT_FDCWD, "f", times, 0) == 0 && stat("f", &st) == 0);
  CHECK(st.st_atim.tv_sec == 1000000000 && st.st_mtim.tv_sec == 1500000000 && st.st_mtim.tv_nsec == 987654321);
  times[0].tv_nsec = UTIME_OMIT;
  times[1].tv_nsec = UTIME_NOW;
  CHECK(futimens(fd, times) == 0 && fstat(fd, &st) == 0 && st.st_atim.tv_sec == 1000000000);
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  CHECK(labs(st.st_mtim.tv_sec - now.tv_sec) < 10);
  SECTION("types");
  int pipes[2], sockets[2];
  CHECK(pipe(pipes) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0);
  CHECK(symlink("f", "l") == 0);
  fstat(pipes[0], &st);
  SAY("%s", type(st.st_mode));
  fstat(sockets[0], &st);
  SAY("%s", type(st.st_mode));
  lstat("l", &st);
  SAY("%s", type(st.st_mode));
  stat("l", &st);
  SAY("%s", type(st.st_mode));
  stat("/dev/null", &st);
  SAY("%s %u:%u", type(st.st_mode), major(st.st_rdev), minor(st.st_rdev));
  stat("/proc/self", &st);
  SAY("%s", type(st.st_mode));
  stat("/tmp", &st);
  SAY("%s %o", type(st.st_mode), st.st_mode & 07777);
  SECTION("statx");
  struct statx sx;
  memset(&sx, 0, sizeof sx);
  CHECK(statx(AT_FDCWD, "f", 0, STATX_BASIC_STATS, &sx) == 0 && sx.stx_size == 10 && (sx.stx_mask & STATX_SIZE) &&
        (sx.stx_mode & 07777) == 0600);
  CHECK(statx(fd, "", AT_EMPTY_PATH, STATX_SIZE, &sx) == 0 && sx.stx_size == 10);
  CHECK_ERRNO(statx(AT_FDCWD, "none", 0, STATX_BASIC_STATS, &sx), ENOENT);
  SECTION("statfs");
  struct statfs fs;
  CHECK(statfs(".", &fs) == 0 && fs.f_bsize > 0 && fs.f_namelen >= 255 && fstatfs(fd, &fs) == 0);
  struct statvfs vfs;
  CHECK(statvfs(".", &vfs) == 0 && vfs.f_frsize > 0);
  SECTION("fifo");
  CHECK(mkfifo("p", 0600) == 0 && stat("p", &st) == 0 && S_ISFIFO(st.st_mode));
  int p = open("p", O_RDWR | O_NONBLOCK);
  char b[8];
  CHECK(p >= 0 && write(p, "fifo", 4) == 4 && read(p, b, 8) == 4);
  CHECK_ERRNO(read(p, b, 8), EAGAIN);
  return check_done();
}
