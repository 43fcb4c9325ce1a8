// SPDX-License-Identifier: Apache-2.0
// Record locks, open-file-description locks and flock within one process.
#include "check.h"
#include <sys/file.h>

static struct flock lock(short type, off_t start, off_t length) {
  struct flock l = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
  return l;
}
static void* flock_waiter(void* fd) {
  CHECK(flock((int)(intptr_t)fd, LOCK_EX) == 0);
  SAY("second has it");
  CHECK(flock((int)(intptr_t)fd, LOCK_UN) == 0);
  return NULL;
}

int main(void) {
  int fd = open("f", O_RDWR | O_CREAT | O_TRUNC, 0600), other = open("f", O_RDWR);
  REQUIRE(fd >= 0 && other >= 0);
  SECTION("record locks do not conflict within a process");
  struct flock l = lock(F_WRLCK, 0, 100);
  CHECK(fcntl(fd, F_SETLK, &l) == 0);
  CHECK(fcntl(other, F_SETLK, &l) == 0);
  l = lock(F_WRLCK, 50, 10);
  CHECK(fcntl(other, F_GETLK, &l) == 0 && l.l_type == F_UNLCK);
  l = lock(F_UNLCK, 20, 20);
  CHECK(fcntl(fd, F_SETLKW, &l) == 0);
  SECTION("status flags change under a lock");
  int flags = fcntl(fd, F_GETFL);
  CHECK(fcntl(fd, F_SETFL, flags | O_APPEND) == 0 && (fcntl(fd, F_GETFL) & O_APPEND) != 0);
  CHECK(fcntl(fd, F_SETFL, flags) == 0);
  SECTION("errors");
  l = lock(77, 0, 0);
  CHECK_ERRNO(fcntl(fd, F_SETLK, &l), EINVAL);
  l = lock(F_WRLCK, -5, 1);
  CHECK_ERRNO(fcntl(fd, F_SETLK, &l), EINVAL);
  int read_only = open("f", O_RDONLY);
  l = lock(F_WRLCK, 0, 0);
  CHECK_ERRNO(fcntl(read_only, F_SETLK, &l), EBADF);
  l = lock(F_RDLCK, 0, 0);
  CHECK(fcntl(read_only, F_SETLK, &l) == 0);
  SECTION("open file description locks conflict");
  close(read_only);
  l = lock(F_WRLCK, 0, 100);
  CHECK(fcntl(fd, F_OFD_SETLK, &l) == 0);
  CHECK_ERRNO(fcntl(other, F_OFD_SETLK, &l), EAGAIN);
  l = lock(F_WRLCK, 100, 1);
  CHECK(fcntl(other, F_OFD_SETLK, &l) == 0);
  l = lock(F_UNLCK, 0, 0);
  CHECK(fcntl(fd, F_OFD_SETLK, &l) == 0 && fcntl(other, F_OFD_SETLK, &l) == 0);
  SECTION("flock conflicts between descriptions");
  CHECK(flock(fd, LOCK_EX) == 0);
  CHECK_ERRNO(flock(other, LOCK_SH | LOCK_NB), EWOULDBLOCK);
  int copy = dup(fd);
  CHECK(flock(copy, LOCK_EX | LOCK_NB) == 0);
  SECTION("waiting");
  pthread_t thread;
  pthread_create(&thread, NULL, flock_waiter, (void*)(intptr_t)other);
  sleep_ms(50);
  SAY("first releases");
  CHECK(flock(fd, LOCK_UN) == 0);
  pthread_join(thread, NULL);
  SECTION("shared");
  CHECK(flock(fd, LOCK_SH) == 0 && flock(other, LOCK_SH | LOCK_NB) == 0);
  CHECK_ERRNO(flock(other, LOCK_EX | LOCK_NB), EWOULDBLOCK);
  CHECK(close(fd) == 0 && close(copy) == 0 && flock(other, LOCK_EX | LOCK_NB) == 0);
  CHECK_ERRNO(flock(other, 0), EINVAL);
  return check_done();
}
