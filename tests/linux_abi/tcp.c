// SPDX-License-Identifier: Apache-2.0
// TCP over loopback: connect, accept, partial transfers, peeking, shutdown, errors, time-outs, many connections.
#include "check.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>

static struct sockaddr_in address;
static int listener;
static unsigned checksum(const char* p, size_t n, unsigned sum) {
  while (n--) sum = sum * 31 + (unsigned char)*p++;
  return sum;
}
static int dial(void) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  REQUIRE(fd >= 0 && connect(fd, (struct sockaddr*)&address, sizeof address) == 0);
  return fd;
}
enum { kBig = 8 << 20 };
static void* slow_reader(void* fd) {
  char block[50000];
  size_t total = 0;
  unsigned sum = 0;
  for (ssize_t n; (n = recv((int)(intptr_t)fd, block, sizeof block, 0)) > 0;) {
    sum = checksum(block, (size_t)n, sum);
    total += (size_t)n;
    if (total % 7 == 0) usleep(200);
  }
  CHECK(total == kBig);
  return (void*)(uintptr_t)sum;
}
static void* echo(void* fd_pointer) {
  int fd = (int)(intptr_t)fd_pointer;
  char b[4096];
  for (ssize_t n; (n = read(fd, b, sizeof b)) > 0;)
    for (ssize_t done = 0; done < n;) done += write(fd, b + done, (size_t)(n - done));
  close(fd);
  return NULL;
}

int main(void) {
  signal(SIGPIPE, SIG_IGN);
  char b[200];
  SECTION("listen and accept");
  listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int one = 1;
  CHECK(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0);
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(bind(listener, (struct sockaddr*)&address, sizeof address) == 0);
  socklen_t length = sizeof address;
  CHECK(getsockname(listener, (struct sockaddr*)&address, &length) == 0 && length == sizeof address &&
        address.sin_port);
  REQUIRE(listen(listener, 128) == 0);
  int client = dial();
  struct sockaddr_in peer;
  length = sizeof peer;
  int server = accept4(listener, (struct sockaddr*)&peer, &length, SOCK_CLOEXEC);
  REQUIRE(server >= 0);
  CHECK(length == sizeof peer && peer.sin_addr.s_addr == htonl(INADDR_LOOPBACK) &&
        fcntl(server, F_GETFD) == FD_CLOEXEC);
  struct sockaddr_in local;
  length = sizeof local;
  CHECK(getsockname(client, (struct sockaddr*)&local, &length) == 0 && local.sin_port == peer.sin_port);
  length = 4;
  CHECK(getpeername(client, (struct sockaddr*)&local, &length) == 0 && length == sizeof local);
  SECTION("transfer");
  CHECK(send(client, "hello world", 11, 0) == 11);
  CHECK(recv(server, b, 5, MSG_PEEK) == 5 && recv(server, b, 5, 0) == 5 && memcmp(b, "hello", 5) == 0);
  int available = 0;
  CHECK(ioctl(server, FIONREAD, &available) == 0 && available == 6);
  CHECK(read(server, b, 100) == 6);
  CHECK_ERRNO(recv(server, b, 1, MSG_DONTWAIT), EAGAIN);
  CHECK(send(client, "abcdef", 6, 0) == 6 && recv(server, b, 6, MSG_WAITALL) == 6);
  SECTION("messages");
  struct iovec out[3] = {{"one", 3}, {"", 0}, {"two", 3}};
  struct msghdr message = {.msg_iov = out, .msg_iovlen = 3};
  CHECK(sendmsg(client, &message, 0) == 6);
  char x[4], y[10];
  struct iovec in[2] = {{x, 4}, {y, 10}};
  struct msghdr incoming = {.msg_iov = in, .msg_iovlen = 2};
  CHECK(recvmsg(server, &incoming, 0) == 6 && memcmp(x, "onet", 4) == 0 && memcmp(y, "wo", 2) == 0);
  CHECK(writev(client, out, 3) == 6 && readv(server, in, 2) == 6);
  SECTION("options");
  int value = 0;
  length = sizeof value;
  CHECK(getsockopt(client, SOL_SOCKET, SO_TYPE, &value, &length) == 0 && value == SOCK_STREAM && length == 4);
  CHECK(setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) == 0);
  CHECK(getsockopt(client, IPPROTO_TCP, TCP_NODELAY, &value, &length) == 0 && value == 1);
  CHECK(setsockopt(client, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one) == 0 &&
        setsockopt(client, IPPROTO_TCP, TCP_KEEPIDLE, &(int){100}, 4) == 0);
  CHECK(getsockopt(client, SOL_SOCKET, SO_ERROR, &value, &length) == 0 && value == 0);
  CHECK(getsockopt(listener, SOL_SOCKET, SO_ACCEPTCONN, &value, &length) == 0 && value == 1);
  struct linger linger = {1, 0};
  CHECK(setsockopt(client, SOL_SOCKET, SO_LINGER, &linger, sizeof linger) == 0 &&
        setsockopt(client, SOL_SOCKET, SO_LINGER, &(struct linger){0, 0}, sizeof linger) == 0);
  CHECK_ERRNO(setsockopt(client, SOL_SOCKET, 9999, &one, sizeof one), ENOPROTOOPT);
  CHECK_ERRNO(setsockopt(client, SOL_SOCKET, SO_KEEPALIVE, &one, 1), EINVAL);
  SECTION("receive time-out");
  struct timeval timeout = {0, 50000}, back;
  CHECK(setsockopt(server, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) == 0);
  length = sizeof back;
  CHECK(getsockopt(server, SOL_SOCKET, SO_RCVTIMEO, &back, &length) == 0 && back.tv_usec >= 40000);
  struct timespec begin;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  CHECK_ERRNO(read(server, b, 1), EAGAIN);
  CHECK(seconds_since(&begin) >= 0.04 && seconds_since(&begin) < 2);
  CHECK(setsockopt(server, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){0, 0}, sizeof timeout) == 0);
  SECTION("8 MiB to a slow reader");
  char* big = malloc(kBig);
  for (int i = 0; i < kBig; i++) big[i] = (char)(i * 2654435761u >> 13);
  unsigned sum = checksum(big, kBig, 0);
  pthread_t thread;
  void* got;
  pthread_create(&thread, NULL, slow_reader, (void*)(intptr_t)server);
  CHECK(write(client, big, kBig) == kBig);
  CHECK(shutdown(client, SHUT_WR) == 0);
  pthread_join(thread, &got);
  CHECK((unsigned)(uintptr_t)got == sum);
  SECTION("half closed");
  CHECK(write(server, "still", 5) == 5 && read(client, b, 100) == 5 && read(server, b, 1) == 0);
  CHECK_ERRNO(write(client, "x", 1), EPIPE);
  close(client), close(server);
  SECTION("8 MiB, non-blocking writer");
  client = dial(), server = accept(listener, NULL, NULL);
  CHECK(fcntl(client, F_SETFL, O_NONBLOCK) == 0);
  size_t done = 0;
  int full = 0;
  while (done < kBig) {
    ssize_t n = send(client, big + done, kBig - done, MSG_NOSIGNAL);
    if (n > 0) {
      done += (size_t)n;
    } else {
      REQUIRE(n == -1 && errno == EAGAIN);
      if (full++ == 0) pthread_create(&thread, NULL, slow_reader, (void*)(intptr_t)server);
      struct pollfd p = {client, POLLOUT, 0};
      CHECK(poll(&p, 1, 10000) == 1);
    }
  }
  REQUIRE(full > 0);
  close(client);
  pthread_join(thread, &got);
  CHECK((unsigned)(uintptr_t)got == sum);
  close(server);
  SECTION("non-blocking connect");
  client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  CHECK_ERRNO(connect(client, (struct sockaddr*)&address, sizeof address), EINPROGRESS);
  struct pollfd p = {client, POLLOUT, 0};
  CHECK(poll(&p, 1, 5000) == 1 && getsockopt(client, SOL_SOCKET, SO_ERROR, &value, &length) == 0 && value == 0);
  server = accept(listener, NULL, NULL);
  CHECK(server >= 0 && (fcntl(server, F_GETFL) & O_NONBLOCK) == 0);
  close(client), close(server);
  SECTION("reset");
  client = dial(), server = accept(listener, NULL, NULL);
  linger.l_onoff = 1;
  setsockopt(client, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
  close(client);
  sleep_ms(20);
  CHECK_ERRNO(read(server, b, 1), ECONNRESET);
  close(server);
  SECTION("refused and bad");
  struct sockaddr_in nobody = address;
  int other = socket(AF_INET, SOCK_STREAM, 0);
  nobody.sin_port = 0;
  bind(other, (struct sockaddr*)&nobody, sizeof nobody);
  length = sizeof nobody;
  getsockname(other, (struct sockaddr*)&nobody, &length);
  client = socket(AF_INET, SOCK_STREAM, 0);
  CHECK_ERRNO(connect(client, (struct sockaddr*)&nobody, sizeof nobody), ECONNREFUSED);
  CHECK_ERRNO(bind(other, (struct sockaddr*)&address, sizeof address), EINVAL);
  close(other), close(client);
  client = socket(AF_INET, SOCK_STREAM, 0);
  CHECK_ERRNO(bind(client, (struct sockaddr*)&address, sizeof address), EADDRINUSE);
  CHECK_ERRNO(bind(client, (struct sockaddr*)&address, 3), EINVAL);
  CHECK_ERRNO(getpeername(client, (struct sockaddr*)&local, &length), ENOTCONN);
  CHECK_ERRNO(send(client, "x", 1, 0), EPIPE);
  CHECK_ERRNO(recv(client, b, 1, 0), ENOTCONN);
  CHECK_ERRNO(listen(0, 5), ENOTSOCK);
  CHECK_ERRNO(accept(client, NULL, NULL), EINVAL);
  CHECK_ERRNO(socket(AF_INET, 99, 0), EINVAL);
  CHECK_ERRNO(socket(999, SOCK_STREAM, 0), EAFNOSUPPORT);
  SECTION("200 connections with an echo each");
  int fds[200];
  pthread_t threads[200];
  for (int i = 0; i < 200; i++) {
    fds[i] = dial();
    server = accept(listener, NULL, NULL);
    REQUIRE(server >= 0);
    if (i % 10 == 0)
      REQUIRE(pthread_create(&threads[i], NULL, echo, (void*)(intptr_t)server) == 0);
    else
      close(server);
  }
  for (int i = 0; i < 200; i++) {
    if (i % 10 == 0)
      CHECK(send(fds[i], "ping", 4, 0) == 4 && recv(fds[i], b, 4, MSG_WAITALL) == 4 && memcmp(b, "ping", 4) == 0);
    close(fds[i]);
    if (i % 10 == 0) pthread_join(threads[i], NULL);
  }
  SECTION("IPv6");
  int six = socket(AF_INET6, SOCK_STREAM, 0);
  struct sockaddr_in6 a6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
  if (six >= 0 && bind(six, (struct sockaddr*)&a6, sizeof a6) == 0) {
    length = sizeof a6;
    CHECK(getsockname(six, (struct sockaddr*)&a6, &length) == 0 && length == sizeof a6 && listen(six, 1) == 0);
    int c6 = socket(AF_INET6, SOCK_STREAM, 0);
    CHECK(connect(c6, (struct sockaddr*)&a6, sizeof a6) == 0);
  }
  return check_done();
}
