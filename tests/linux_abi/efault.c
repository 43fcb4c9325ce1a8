// SPDX-License-Identifier: Apache-2.0
// Bad program pointers give EFAULT (or the partial result Linux gives), never a crash.
#include "check.h"
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/utsname.h>

static void* bad = (void*)8;

int main(void) {
  char* p = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  char* read_only = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap(p + 4096, 4096);
  char* edge = p + 4096 - 4;
  int zero = open("/dev/zero", O_RDONLY), pipes[2], fd = open("f", O_RDWR | O_CREAT | O_TRUNC, 0600);
  REQUIRE(pipe(pipes) == 0 && fd >= 0);
  CHECK(write(fd, "0123456789", 10) == 10);
  SECTION("read");
  CHECK_ERRNO(read(zero, bad, 8), EFAULT);
  CHECK_ERRNO(pread(fd, bad, 8, 0), EFAULT);
  CHECK_ERRNO(pread(fd, read_only, 8, 0), EFAULT);
  CHECK_ERRNO(pread(fd, (void*)0xffff800000000000, 8, 0), EFAULT);
  SECTION("write");
  CHECK_ERRNO(write(fd, bad, 8), EFAULT);
  CHECK_ERRNO(write(pipes[1], bad, 8), EFAULT);
  SECTION("paths");
  CHECK_ERRNO(open(bad, O_RDONLY), EFAULT);
  CHECK_ERRNO(open(NULL, O_RDONLY), EFAULT);
  memcpy(edge, "abcd", 4);
  CHECK_ERRNO(open(edge, O_RDONLY), EFAULT);
  edge[3] = 0;
  CHECK_ERRNO(open(edge, O_RDONLY), ENOENT);
  CHECK_ERRNO(stat("f", bad), EFAULT);
  CHECK_ERRNO(syscall(SYS_getcwd, bad, 100), EFAULT);
  CHECK_ERRNO(readlink("/proc/self/exe", bad, 10), EFAULT);
  SECTION("structures");
  CHECK_ERRNO(syscall(SYS_pipe2, bad, 0), EFAULT);
  CHECK_ERRNO(uname(bad), EFAULT);
  CHECK_ERRNO(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, bad), EFAULT);
  CHECK_ERRNO(syscall(SYS_nanosleep, bad, NULL), EFAULT);
  CHECK_ERRNO(syscall(SYS_rt_sigaction, SIGUSR1, bad, NULL, 8), EFAULT);
  CHECK_ERRNO(syscall(SYS_rt_sigprocmask, SIG_BLOCK, bad, NULL, 8), EFAULT);
  CHECK_ERRNO(syscall(SYS_futex, bad, 0, 0, NULL), EFAULT);
  CHECK_ERRNO(syscall(SYS_getrandom, bad, 8, 0), EFAULT);
  CHECK_ERRNO(syscall(SYS_poll, bad, 1, 0), EFAULT);
  int epoll = epoll_create1(0);
  CHECK_ERRNO(epoll_ctl(epoll, EPOLL_CTL_ADD, pipes[0], NULL), EFAULT);
  CHECK_ERRNO(syscall(SYS_getdents64, open(".", O_RDONLY | O_DIRECTORY), bad, 1000), EFAULT);
  SECTION("vectors");
  struct iovec vector[2] = {{p, 4}, {bad, 4}};
  CHECK_ERRNO(writev(fd, (void*)bad, 2), EFAULT);
  CHECK_ERRNO(readv(fd, (void*)bad, 2), EFAULT);
  CHECK_ERRNO(writev(pipes[1], vector + 1, 1), EFAULT);
  SECTION("sockets");
  int sockets[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0);
  CHECK_ERRNO(send(sockets[0], bad, 4, 0), EFAULT);
  CHECK_ERRNO(sendmsg(sockets[0], bad, 0), EFAULT);
  CHECK_ERRNO(recvmsg(sockets[0], bad, MSG_DONTWAIT), EFAULT);
  CHECK(write(sockets[1], "data", 4) == 4);
  CHECK_ERRNO(read(sockets[0], bad, 4), EFAULT);
  CHECK_ERRNO(bind(socket(AF_INET, SOCK_STREAM, 0), bad, 16), EFAULT);
  CHECK_ERRNO(getsockname(sockets[0], bad, bad), EFAULT);
  SECTION("stack of a signal handler stays usable");
  CHECK_ERRNO(sigaltstack(bad, NULL), EFAULT);
  return check_done();
}
