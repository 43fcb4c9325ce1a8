// SPDX-License-Identifier: Apache-2.0
// The calls for sockets on what is none: a pipe from outside, a file, a device, an object of the process's own.
#include "check.h"
#include <netinet/in.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

static void refuse_all(int fd) {
  char b[8] = "";
  struct iovec part = {b, sizeof b};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  struct sockaddr_in address = {.sin_family = AF_INET};
  socklen_t length = sizeof address;
  int on = 1;
  CHECK_ERRNO(recv(fd, b, sizeof b, 0), ENOTSOCK);
  CHECK_ERRNO(recv(fd, b, sizeof b, MSG_DONTWAIT), ENOTSOCK);
  CHECK_ERRNO(send(fd, b, sizeof b, 0), ENOTSOCK);
  CHECK_ERRNO(sendto(fd, b, sizeof b, MSG_NOSIGNAL, (struct sockaddr*)&address, length), ENOTSOCK);
  CHECK_ERRNO(sendmsg(fd, &message, 0), ENOTSOCK);
  CHECK_ERRNO(recvmsg(fd, &message, 0), ENOTSOCK);
  CHECK_ERRNO(connect(fd, (struct sockaddr*)&address, length), ENOTSOCK);
  CHECK_ERRNO(bind(fd, (struct sockaddr*)&address, length), ENOTSOCK);
  CHECK_ERRNO(listen(fd, 1), ENOTSOCK);
  CHECK_ERRNO(accept(fd, NULL, NULL), ENOTSOCK);
  CHECK_ERRNO(shutdown(fd, SHUT_RDWR), ENOTSOCK);
  CHECK_ERRNO(getsockname(fd, (struct sockaddr*)&address, &length), ENOTSOCK);
  CHECK_ERRNO(getpeername(fd, (struct sockaddr*)&address, &length), ENOTSOCK);
  CHECK_ERRNO(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), ENOTSOCK);
  CHECK_ERRNO(getsockopt(fd, SOL_SOCKET, SO_TYPE, &on, &length), ENOTSOCK);
}

int main(void) {
  SECTION("standard streams");
  refuse_all(0);
  refuse_all(1);
  SECTION("files and devices");
  int file = open("not_sockets.data", O_RDWR | O_CREAT, 0600), device = open("/dev/null", O_RDWR);
  REQUIRE(file >= 0 && device >= 0);
  refuse_all(file);
  refuse_all(device);
  SECTION("objects of the process");
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  refuse_all(ends[0]);
  refuse_all(ends[1]);
  refuse_all(eventfd(0, 0));
  SECTION("and the pipe is still good");
  char line[32] = "";
  CHECK(read(0, line, sizeof line - 1) > 0);
  SAY("%s", line);
  return check_done();
}
