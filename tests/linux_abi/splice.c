// SPDX-License-Identifier: Apache-2.0
// splice, tee, vmsplice: between pipes, files and sockets, with offsets, in parts, with and without waiting.
#include "check.h"
#include <netinet/in.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define KIB 1024
static char data[1024 * KIB], got[1024 * KIB];

static void fill_data(void) {
  unsigned state = 1;
  for (size_t i = 0; i < sizeof data; ++i) data[i] = (char)((state = state * 1103515245 + 12345) >> 16);
}

static size_t read_all(int file, char* to, size_t size) {
  size_t done = 0;
  for (ssize_t n; done < size && (n = read(file, to + done, size - done)) > 0;) done += (size_t)n;
  return done;
}

static void files(void) {
  SECTION("files");
  int ends[2], from = open("splice-from", O_RDWR | O_CREAT | O_TRUNC, 0600),
               to = open("splice-to", O_RDWR | O_CREAT | O_TRUNC, 0600);
  REQUIRE(pipe(ends) == 0 && from >= 0 && to >= 0);
  REQUIRE(write(from, data, 40 * KIB) == 40 * KIB);
  loff_t in = 1000, out = 5;
  CHECK(splice(from, &in, ends[1], NULL, 3000, 0) == 3000 && in == 4000);
  CHECK(lseek(from, 0, SEEK_CUR) == 40 * KIB);
  CHECK(splice(ends[0], NULL, to, &out, 3000, SPLICE_F_MOVE) == 3000 && out == 3005);
  CHECK(lseek(to, 0, SEEK_CUR) == 0);
  CHECK(pread(to, got, 4096, 0) == 3005 && memcmp(got + 5, data + 1000, 3000) == 0 && got[4] == 0);
  CHECK(lseek(from, 20 * KIB, SEEK_SET) == 20 * KIB);
  CHECK(splice(from, NULL, ends[1], NULL, 100, SPLICE_F_MORE) == 100 && lseek(from, 0, SEEK_CUR) == 20 * KIB + 100);
  CHECK(splice(ends[0], NULL, to, NULL, 60, 0) == 60 && lseek(to, 0, SEEK_CUR) == 60);
  CHECK(read(ends[0], got, 100) == 40 && memcmp(got, data + 20 * KIB + 60, 40) == 0);
  CHECK(lseek(from, 0, SEEK_END) == 40 * KIB && splice(from, NULL, ends[1], NULL, 10, 0) == 0);
  CHECK(splice(ends[0], NULL, to, NULL, 0, 0) == 0);
  CHECK(close(ends[0]) == 0 && close(ends[1]) == 0 && close(from) == 0 && close(to) == 0);
  CHECK(unlink("splice-from") == 0 && unlink("splice-to") == 0);
}

static void between_pipes(void) {
  SECTION("pipes");
  int a[2], b[2];
  REQUIRE(pipe(a) == 0 && pipe(b) == 0);
  REQUIRE(write(a[1], "hello, world", 12) == 12);
  CHECK(tee(a[0], b[1], 5, 0) == 5 && tee(a[0], b[1], 100, 0) == 12);
  CHECK(splice(a[0], NULL, b[1], NULL, 7, 0) == 7);
  CHECK(read(b[0], got, 100) == 24 && memcmp(got, "hellohello, worldhello, ", 24) == 0);
  CHECK(read(a[0], got, 100) == 5 && memcmp(got, "world", 5) == 0);
  struct iovec parts[2] = {{"ab", 2}, {"cdef", 4}}, into[2] = {{got, 3}, {got + 10, 100}};
  CHECK(vmsplice(a[1], parts, 2, 0) == 6);
  CHECK(vmsplice(a[0], into, 2, 0) == 6 && memcmp(got, "abc", 3) == 0 && memcmp(got + 10, "def", 3) == 0);
  CHECK(vmsplice(a[1], parts, 0, 0) == 0);
  CHECK(close(a[1]) == 0 && splice(a[0], NULL, b[1], NULL, 10, 0) == 0 && tee(a[0], b[1], 10, 0) == 0);
  CHECK(close(a[0]) == 0 && close(b[0]) == 0 && close(b[1]) == 0);
}

static void refusals(void) {
  SECTION("refusals");
  int a[2], b[2], file = open("splice-file", O_RDWR | O_CREAT, 0600), append = open("splice-file", O_WRONLY | O_APPEND),
                  closed = dup(file);
  int counter = eventfd(1, 0), directory = open(".", O_RDONLY | O_DIRECTORY);
  loff_t zero = 0, negative = -1;
  struct iovec part = {"x", 1};
  REQUIRE(pipe(a) == 0 && pipe(b) == 0 && file >= 0 && append >= 0 && close(closed) == 0);
  REQUIRE(write(a[1], "abc", 3) == 3);
  CHECK_ERRNO((int)splice(file, NULL, file, NULL, 1, 0), EINVAL);
  CHECK_ERRNO((int)splice(a[0], NULL, a[1], NULL, 1, 0), EINVAL);
  CHECK_ERRNO((int)splice(a[0], NULL, b[1], NULL, 1, 0x100), EINVAL);
  CHECK_ERRNO((int)splice(a[0], &zero, file, NULL, 1, 0), ESPIPE);
  CHECK_ERRNO((int)splice(file, NULL, a[1], &zero, 1, 0), ESPIPE);
  CHECK_ERRNO((int)splice(a[0], NULL, file, &negative, 1, 0), EINVAL);
  CHECK_ERRNO((int)splice(a[0], NULL, file, (loff_t*)8, 1, 0), EFAULT);
  CHECK_ERRNO((int)splice(a[0], NULL, append, NULL, 1, 0), EINVAL);
  CHECK_ERRNO((int)splice(closed, NULL, a[1], NULL, 1, 0), EBADF);
  CHECK_ERRNO((int)splice(a[0], NULL, closed, NULL, 1, 0), EBADF);
  CHECK_ERRNO((int)splice(a[1], NULL, b[1], NULL, 1, 0), EBADF);
  CHECK_ERRNO((int)splice(a[0], NULL, b[0], NULL, 1, 0), EBADF);
  CHECK_ERRNO((int)splice(b[0], NULL, counter, NULL, 8, 0), EINVAL);
  CHECK_ERRNO((int)splice(counter, NULL, b[1], NULL, 8, 0), EINVAL);
  CHECK_ERRNO((int)splice(directory, NULL, b[1], NULL, 8, 0), EINVAL);
  CHECK_ERRNO((int)tee(a[0], a[1], 1, 0), EINVAL);
  CHECK_ERRNO((int)tee(file, a[1], 1, 0), EINVAL);
  CHECK_ERRNO((int)tee(a[0], b[0], 1, 0), EBADF);
  CHECK_ERRNO((int)vmsplice(file, &part, 1, 0), EBADF);
  CHECK_ERRNO((int)vmsplice(closed, &part, 1, 0), EBADF);
  CHECK(read(a[0], got, 10) == 3);
  CHECK_ERRNO((int)splice(a[0], NULL, b[1], NULL, 1, SPLICE_F_NONBLOCK), EAGAIN);
  CHECK_ERRNO((int)splice(a[0], NULL, file, NULL, 1, SPLICE_F_NONBLOCK), EAGAIN);
  CHECK_ERRNO((int)tee(a[0], b[1], 1, SPLICE_F_NONBLOCK), EAGAIN);
  part.iov_base = got;
  CHECK_ERRNO((int)vmsplice(a[0], &part, 1, SPLICE_F_NONBLOCK), EAGAIN);
  part.iov_base = (void*)8;
  CHECK_ERRNO((int)vmsplice(a[1], &part, 1, 0), EFAULT);
  CHECK(write(a[1], data, 64 * KIB) == 64 * KIB && write(file, "x", 1) == 1);
  CHECK_ERRNO((int)splice(file, &zero, a[1], NULL, 1, SPLICE_F_NONBLOCK), EAGAIN);
  part.iov_base = data;
  CHECK_ERRNO((int)vmsplice(a[1], &part, 1, SPLICE_F_NONBLOCK), EAGAIN);
  CHECK(read_all(a[0], got, 64 * KIB) == 64 * KIB && memcmp(got, data, 64 * KIB) == 0);
  signal(SIGPIPE, SIG_IGN);
  CHECK(close(b[0]) == 0 && write(a[1], "abc", 3) == 3);
  CHECK_ERRNO((int)splice(a[0], NULL, b[1], NULL, 3, 0), EPIPE);
  CHECK_ERRNO((int)splice(file, &zero, b[1], NULL, 1, 0), EPIPE);
  CHECK_ERRNO((int)vmsplice(b[1], &part, 1, 0), EPIPE);
  CHECK(read(a[0], got, 10) == 3);
  CHECK(close(a[0]) == 0 && close(a[1]) == 0 && close(b[1]) == 0 && close(file) == 0 && close(append) == 0 &&
        close(counter) == 0 && close(directory) == 0);
  CHECK(unlink("splice-file") == 0);
}

// A socket that takes less than the pipe has: what it did not take comes first again.
static void in_parts(void) {
  SECTION("parts");
  int two[2], ends[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, two) == 0 && pipe2(ends, O_NONBLOCK) == 0);
  size_t sent = 0, received = 0, written = 0;
  while (received < sizeof data) {
    ssize_t n = written < sizeof data ? write(ends[1], data + written, sizeof data - written) : 0;
    if (n > 0) written += (size_t)n;
    const size_t waiting = written - sent;
    n = splice(ends[0], NULL, two[0], NULL, sizeof data, SPLICE_F_NONBLOCK);
    if (n > 0) sent += (size_t)n;
    if (n == (ssize_t)waiting && written < sizeof data) continue;  // until the socket is full
    n = read(two[1], got + received, 10007);
    if (n > 0) received += (size_t)n;
  }
  CHECK(memcmp(got, data, sizeof data) == 0);
  CHECK(close(two[0]) == 0 && close(two[1]) == 0 && close(ends[0]) == 0 && close(ends[1]) == 0);
}

static void* forward(void* argument) {
  const int* sockets = argument;
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  for (;;) {
    ssize_t in = splice(sockets[0], NULL, ends[1], NULL, 1 << 20, SPLICE_F_MOVE);
    if (in <= 0) break;
    while (in > 0) {
      const ssize_t out = splice(ends[0], NULL, sockets[1], NULL, (size_t)in, SPLICE_F_MOVE | SPLICE_F_MORE);
      REQUIRE(out > 0);
      in -= out;
    }
  }
  CHECK(shutdown(sockets[1], SHUT_WR) == 0 && close(ends[0]) == 0 && close(ends[1]) == 0);
  return NULL;
}

static void* send_data(void* argument) {
  const int to = *(const int*)argument;
  for (size_t sent = 0; sent < sizeof data;) {
    const ssize_t n = write(to, data + sent, sizeof data - sent);
    REQUIRE(n > 0);
    sent += (size_t)n;
  }
  CHECK(shutdown(to, SHUT_WR) == 0);
  return NULL;
}

static void tcp_pair(int two[2]) {
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  REQUIRE(bind(listener, (struct sockaddr*)&address, size) == 0 && listen(listener, 1) == 0);
  REQUIRE(getsockname(listener, (struct sockaddr*)&address, &size) == 0);
  two[0] = socket(AF_INET, SOCK_STREAM, 0);
  REQUIRE(connect(two[0], (struct sockaddr*)&address, size) == 0);
  two[1] = accept(listener, NULL, NULL);
  REQUIRE(two[1] >= 0 && close(listener) == 0);
}

// A proxy as many are written: from one connection to another by way of a pipe, with threads at both ends.
static void proxy(void) {
  SECTION("proxy");
  int client[2], server[2];
  tcp_pair(client);
  tcp_pair(server);
  int through[2] = {client[1], server[0]};
  pthread_t sender, forwarder;
  REQUIRE(pthread_create(&forwarder, NULL, forward, through) == 0);
  REQUIRE(pthread_create(&sender, NULL, send_data, &client[0]) == 0);
  memset(got, 0, sizeof got);
  CHECK(read_all(server[1], got, sizeof got) == sizeof got && memcmp(got, data, sizeof data) == 0);
  CHECK(read(server[1], got, 1) == 0);
  CHECK(pthread_join(sender, NULL) == 0 && pthread_join(forwarder, NULL) == 0);
  for (int i = 0; i < 2; ++i) CHECK(close(client[i]) == 0 && close(server[i]) == 0);
}

int main(void) {
  fill_data();
  files();
  between_pipes();
  refusals();
  in_parts();
  proxy();
  return check_done();
}
