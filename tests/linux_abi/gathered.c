// SPDX-License-Identifier: Apache-2.0
// writev, sendmsg, pwritev: parts of every size and alignment, more of them and longer ones than fit at once, memory
// that nobody has touched yet. The bytes must arrive as they lie, however the parts are cut.
#include "check.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum { kSize = 600000 };
static unsigned char data[kSize + 64], back[kSize + 64];
static unsigned seed = 1;
static unsigned next(unsigned limit) {
  seed = seed * 1103515245 + 12345;
  return (seed >> 12) % limit;
}

// Up to `most` parts of up to `longest` bytes, anywhere in `data`; what they hold together is put into `want`.
static size_t cut(struct iovec* parts, int* count, unsigned most, unsigned longest, unsigned char* want) {
  size_t size = 0;
  *count = (int)(1 + next(most));
  for (int i = 0; i < *count; i++) {
    parts[i].iov_len = next(longest + 1);
    parts[i].iov_base = data + next(kSize - longest);
    memcpy(want + size, parts[i].iov_base, parts[i].iov_len);
    size += parts[i].iov_len;
  }
  return size;
}

static void receive(int fd, size_t size) {
  for (size_t got = 0; got < size;) {
    const ssize_t n = read(fd, back + got, size - got);
    REQUIRE(n > 0);
    got += (size_t)n;
  }
}

static unsigned char want[kSize];
static void through_file(int file, unsigned most, unsigned longest) {
  struct iovec parts[64];
  int count;
  const size_t size = cut(parts, &count, most, longest, want);
  REQUIRE(ftruncate(file, 0) == 0 && lseek(file, 0, SEEK_SET) == 0);
  CHECK(writev(file, parts, count) == (ssize_t)size);
  CHECK(pread(file, back, sizeof back, 0) == (ssize_t)size && memcmp(back, want, size) == 0);
  CHECK(pwritev(file, parts, count, 3) == (ssize_t)size);
  CHECK(pread(file, back, sizeof back, 3) == (ssize_t)size && memcmp(back, want, size) == 0);
}
static void through_socket(int from, int to, unsigned most, unsigned longest, int as_message) {
  struct iovec parts[64];
  int count;
  const size_t size = cut(parts, &count, most, longest, want);
  struct msghdr message = {.msg_iov = parts, .msg_iovlen = (size_t)count};
  const ssize_t sent = as_message ? sendmsg(from, &message, MSG_NOSIGNAL) : writev(from, parts, count);
  CHECK(sent == (ssize_t)size);
  receive(to, size);
  CHECK(memcmp(back, want, size) == 0);
}

int main(void) {
  for (size_t i = 0; i < sizeof data; i++) data[i] = (unsigned char)(i * 7 + (i >> 8) * 3 + (i >> 16));
  int file = open("gathered.data", O_RDWR | O_CREAT | O_TRUNC, 0600);
  REQUIRE(file >= 0);
  int listener = socket(AF_INET, SOCK_STREAM, 0), from = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  REQUIRE(bind(listener, (struct sockaddr*)&address, length) == 0 && listen(listener, 1) == 0);
  REQUIRE(getsockname(listener, (struct sockaddr*)&address, &length) == 0);
  REQUIRE(connect(from, (struct sockaddr*)&address, length) == 0);
  const int to = accept(listener, NULL, NULL);
  REQUIRE(to >= 0);

  SECTION("small parts");
  for (int i = 0; i < 300; i++) through_file(file, 1 + (unsigned)i % 20, 40);
  for (int i = 0; i < 300; i++) through_socket(from, to, 1 + (unsigned)i % 20, 40, i % 2);
  SECTION("more parts than most programs have");
  for (int i = 0; i < 40; i++) through_file(file, 64, 3000);
  for (int i = 0; i < 40; i++) through_socket(from, to, 64, 500, i % 2);
  SECTION("long parts");
  for (int i = 0; i < 20; i++) through_file(file, 5, 100000);
  SECTION("untouched memory");
  REQUIRE(ftruncate(file, 0) == 0 && pwrite(file, data, kSize, 0) == kSize);
  for (int i = 0; i < 3; i++) {
    unsigned char* fresh = mmap(NULL, kSize, PROT_READ, MAP_PRIVATE, file, 0);
    REQUIRE(fresh != MAP_FAILED);
    struct iovec parts[3] = {{fresh + 4093, 6}, {fresh + 8 * 4096 - 1, 8195}, {fresh + 40 * 4096 + 5, 30000}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 3};
    CHECK((i == 0 ? writev(from, parts, 3) : sendmsg(from, &message, 0)) == 38201);
    receive(to, 38201);
    CHECK(!memcmp(back, data + 4093, 6) && !memcmp(back + 6, data + 8 * 4096 - 1, 8195) &&
          !memcmp(back + 8201, data + 40 * 4096 + 5, 30000));
    munmap(fresh, kSize);
  }
  SECTION("single transfers with an offset");
  for (int i = 0; i < 40; i++) {
    const size_t at = next(1000), size = next(400000);
    unsigned char* const part = data + next(8);
    REQUIRE(ftruncate(file, 0) == 0);
    CHECK(pwrite(file, part, size, (off_t)at) == (ssize_t)size);
    CHECK(pread(file, back + 1, sizeof back - 1, (off_t)at) == (ssize_t)size && memcmp(back + 1, part, size) == 0);
    CHECK(pread(file, back, 10, (off_t)(at + size)) == 0);
  }
  CHECK_ERRNO(pwrite(file, data, 1, -1), EINVAL);
  CHECK_ERRNO(pread(to, data, 1, 0), ESPIPE);
  CHECK_ERRNO(pwrite(to, data, 1, 0), ESPIPE);
  SECTION("what is wrong");
  struct iovec part = {data, 10};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  CHECK(writev(file, &part, 0) == 0);
  CHECK_ERRNO(syscall(SYS_writev, file, &part, -1), EINVAL);
  CHECK_ERRNO(writev(99, &part, 1), EBADF);
  CHECK_ERRNO(sendmsg(99, &message, 0), EBADF);
  CHECK_ERRNO(sendmsg(file, &message, 0), ENOTSOCK);
  part.iov_len = (size_t)-1;
  CHECK_ERRNO(writev(file, &part, 1), EINVAL);
  part.iov_base = (void*)8, part.iov_len = 8;
  CHECK_ERRNO(writev(from, &part, 1), EFAULT);
  CHECK_ERRNO(sendmsg(from, &message, 0), EFAULT);
  int reading = open("gathered.data", O_RDONLY);
  part.iov_base = data;
  CHECK_ERRNO(writev(reading, &part, 1), EBADF);
  close(to);
  close(listener);
  signal(SIGPIPE, SIG_IGN);
  for (int i = 0; i < 100 && writev(from, &part, 1) >= 0; i++) usleep(1000);
  CHECK_ERRNO(writev(from, &part, 1), EPIPE);
  CHECK_ERRNO(sendmsg(from, &message, MSG_NOSIGNAL), EPIPE);
  return check_done();
}
