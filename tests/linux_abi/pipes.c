// SPDX-License-Identifier: Apache-2.0
// Pipes: capacity, partial and non-blocking transfers, end of file, EPIPE and SIGPIPE, between threads.
#include "check.h"
#include <poll.h>
#include <sys/ioctl.h>

static int pipes[2];
static volatile int sigpipes;
static void on_sigpipe(int number) {
  (void)number;
  sigpipes++;
}
static void* slow_reader(void* out) {
  static char block[10000];
  size_t total = 0;
  ssize_t n;
  unsigned sum = 0;
  while ((n = read(pipes[0], block, sizeof block)) > 0) {
    for (ssize_t i = 0; i < n; i++) sum = sum * 31 + (unsigned char)block[i];
    total += (size_t)n;
  }
  *(size_t*)out = total + sum * 0;
  CHECK(n == 0);
  return (void*)(uintptr_t)sum;
}

int main(void) {
  char b[100];
  SECTION("basics");
  REQUIRE(pipe(pipes) == 0);
  CHECK(write(pipes[1], "hello", 5) == 5 && read(pipes[0], b, 3) == 3 && read(pipes[0], b, 100) == 2);
  CHECK_ERRNO(lseek(pipes[0], 0, SEEK_CUR), ESPIPE);
  CHECK_ERRNO(write(pipes[0], "x", 1), EBADF);
  CHECK_ERRNO(read(pipes[1], b, 1), EBADF);
  CHECK_ERRNO(pread(pipes[0], b, 1, 0), ESPIPE);
  SECTION("non-blocking");
  int available = -1;
  CHECK(fcntl(pipes[0], F_SETFL, O_NONBLOCK) == 0 && fcntl(pipes[1], F_SETFL, O_NONBLOCK) == 0);
  CHECK_ERRNO(read(pipes[0], b, 1), EAGAIN);
  int capacity = fcntl(pipes[1], F_GETPIPE_SZ);
  SAY("capacity %d", capacity);
  char* block = calloc(1, 200000);
  CHECK(write(pipes[1], block, 200000) == capacity);
  CHECK_ERRNO(write(pipes[1], block, 1), EAGAIN);
  CHECK(ioctl(pipes[0], FIONREAD, &available) == 0 && available == capacity);
  struct pollfd fd = {pipes[1], POLLOUT, 0};
  CHECK(poll(&fd, 1, 0) == 0);
  CHECK(read(pipes[0], block, 200000) == capacity);
  CHECK(poll(&fd, 1, 0) == 1 && fd.revents == POLLOUT);
  SECTION("atomic up to PIPE_BUF");
  while (write(pipes[1], block, 4096) == 4096) {
  }
  CHECK(read(pipes[0], block, 100) == 100);
  CHECK_ERRNO(write(pipes[1], block, 4096), EAGAIN);
  close(pipes[0]), close(pipes[1]);
  SECTION("blocking writer and reader");
  REQUIRE(pipe2(pipes, O_CLOEXEC) == 0);
  CHECK(fcntl(pipes[0], F_GETFD) == FD_CLOEXEC);
  size_t total = 0;
  pthread_t thread;
  pthread_create(&thread, NULL, slow_reader, &total);
  char* data = malloc(1000000);
  unsigned sum = 0;
  for (int i = 0; i < 1000000; i++) data[i] = (char)(i % 251), sum = sum * 31 + (unsigned char)data[i];
  CHECK(write(pipes[1], data, 1000000) == 1000000);
  close(pipes[1]);
  void* got;
  pthread_join(thread, &got);
  CHECK(total == 1000000 && (unsigned)(uintptr_t)got == sum);
  CHECK(read(pipes[0], b, 1) == 0);
  struct pollfd ended = {pipes[0], POLLIN, 0};
  CHECK(poll(&ended, 1, 0) == 1 && (ended.revents & POLLHUP));
  close(pipes[0]);
  SECTION("no reader");
  REQUIRE(pipe(pipes) == 0);
  close(pipes[0]);
  signal(SIGPIPE, on_sigpipe);
  CHECK_ERRNO(write(pipes[1], "x", 1), EPIPE);
  CHECK(sigpipes == 1);
  signal(SIGPIPE, SIG_IGN);
  CHECK_ERRNO(write(pipes[1], "x", 1), EPIPE);
  fd.fd = pipes[1];
  CHECK(poll(&fd, 1, 0) == 1 && (fd.revents & POLLERR));
  SECTION("zero bytes");
  REQUIRE(pipe(pipes) == 0);
  CHECK(write(pipes[1], b, 0) == 0);
  SECTION("errors");
  CHECK_ERRNO(pipe2(pipes, 0x1), EINVAL);
  return check_done();
}
