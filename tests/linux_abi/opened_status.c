// SPDX-License-Identifier: Apache-2.0
// fstat right after open, and after everything that may have changed the file or the descriptor in between.
#include "check.h"

static struct stat status;
static long size_of(int fd) { return fstat(fd, &status) == 0 ? (long)status.st_size : -errno; }

static void* append(void* unused) {
  (void)unused;
  int fd = open("file", O_WRONLY | O_APPEND);
  CHECK(write(fd, "thread", 6) == 6 && close(fd) == 0);
  return NULL;
}
static void on_signal(int signal) { (void)signal; }

int main(void) {
  pthread_t thread;
  int writer = open("file", O_RDWR | O_CREAT | O_TRUNC, 0644), fd, other;
  REQUIRE(writer >= 0 && write(writer, "12345", 5) == 5);
  SECTION("the file");
  fd = open("file", O_RDONLY);
  CHECK(size_of(fd) == 5 && S_ISREG(status.st_mode) && (status.st_mode & 07777) == 0644 && size_of(fd) == 5);
  CHECK(write(writer, "678", 3) == 3 && size_of(fd) == 8 && close(fd) == 0 && size_of(fd) == -EBADF);
  fd = open("file", O_RDONLY);
  CHECK(fchmod(fd, 0600) == 0 && size_of(fd) == 8 && (status.st_mode & 07777) == 0600);
  CHECK(ftruncate(writer, 2) == 0 && size_of(fd) == 2 && close(fd) == 0);
  fd = open("file", O_RDWR | O_TRUNC);
  CHECK(size_of(fd) == 0 && pwrite(fd, "x", 1, 9) == 1 && size_of(fd) == 10 && close(fd) == 0);
  fd = open("file", O_RDONLY);
  CHECK(fstatat(fd, "", &status, AT_EMPTY_PATH) == 0 && status.st_size == 10);
  CHECK_ERRNO(fstatat(fd, "", &status, 0), ENOENT);
  CHECK_ERRNO(syscall(SYS_fstat, fd, 8L), EFAULT);
  CHECK(close(fd) == 0);
  SECTION("the descriptor");
  fd = open("file", O_RDONLY);
  other = memfd_create("memory", 0);
  CHECK(size_of(other) == 0 && dup2(other, fd) == fd && size_of(fd) == 0 && close(fd) == 0);
  fd = open("file", O_RDONLY);
  CHECK(close(fd) == 0 && (other = memfd_create("memory", 0)) == fd && size_of(fd) == 0 && close(fd) == 0);
  fd = open("file", O_RDONLY);
  CHECK(close(fd) == 0 && open("/proc/self/stat", O_RDONLY) == fd && size_of(fd) == 0 && close(fd) == 0);
  fd = open(".", O_RDONLY | O_DIRECTORY);
  CHECK(size_of(fd) >= 0 && S_ISDIR(status.st_mode) && close(fd) == 0);
  fd = open("file", O_PATH);
  CHECK(size_of(fd) == 10 && close(fd) == 0);
  SECTION("threads");
  fd = open("file", O_RDONLY);
  CHECK(pthread_create(&thread, NULL, append, NULL) == 0 && pthread_join(thread, NULL) == 0 && size_of(fd) == 16);
  CHECK(close(fd) == 0);
  for (int i = 0; i < 300; i++) {
    CHECK((fd = open("file", O_RDONLY)) >= 0 && size_of(fd) == 16 + 6 * i);
    CHECK(pthread_create(&thread, NULL, append, NULL) == 0 && pthread_join(thread, NULL) == 0);
    CHECK(size_of(fd) == 22 + 6 * i && close(fd) == 0);
  }
  SECTION("signals");
  signal(SIGUSR1, on_signal);
  fd = open("file", O_RDONLY);
  CHECK(raise(SIGUSR1) == 0 && size_of(fd) == 16 + 6 * 300 && close(fd) == 0);
  return check_done();
}
