// SPDX-License-Identifier: Apache-2.0
// sendfile from files to sockets of every kind: data, order beside other writes, offsets, ends and errors.
#define COUNT 12
#include "watched_connections.h"
#include <poll.h>
#include <sys/sendfile.h>

enum { kLength = 2 << 20 };
static char byte_at(unsigned position) { return (char)(position * 7 >> 2 ^ position >> 13); }
static int file;

static int make_file(const char* path) {
  static char bytes[kLength];
  for (unsigned i = 0; i < kLength; i++) bytes[i] = byte_at(i);
  const int made = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
  REQUIRE(made >= 0 && write(made, bytes, kLength) == kLength && lseek(made, 0, SEEK_SET) == 0);
  return made;
}

// Whether the next `size` bytes at `fd` are those of the file from `position` on.
static int arrives(int fd, unsigned position, size_t size) {
  for (size_t got = 0; got < size;) {
    struct pollfd wait = {fd, POLLIN, 0};
    const size_t most = size - got < sizeof buffer ? size - got : sizeof buffer;
    const long more = poll(&wait, 1, 5000) == 1 ? read(fd, buffer, most) : -1;
    if (more <= 0) return 0;
    for (long i = 0; i < more; i++, got++)
      if (buffer[i] != byte_at(position + (unsigned)got)) return 0;
  }
  return 1;
}
static int is_quiet(int fd) {
  struct pollfd wait = {fd, POLLIN, 0};
  return poll(&wait, 1, 0) == 0;
}

// Headers and files of all sizes in turn, as servers send them: each connection is the file from its beginning.
static void streams(int source, uint32_t events) {
  static unsigned sent[COUNT], seen[COUNT];
  unsigned seed = 7;
  memset(sent, 0, sizeof sent), memset(seen, 0, sizeof seen);
  connect_all(events);
  for (int round = 0; round < 200; round++) {
    for (int i = 0; i < COUNT; i++) {
      seed = seed * 1103515245 + 12345;
      const unsigned size = 1 + (seed >> 16 & 3 ? seed >> 20 & 4095 : seed >> 17 & 16383);
      if (seed >> 28 & 1) {
        for (unsigned k = 0; k < 200; k++) buffer[k] = byte_at(sent[i] + k);
        CHECK(write(own[i], buffer, 200) == 200);
        sent[i] += 200;
      }
      off_t offset = sent[i];
      CHECK(sendfile(own[i], source, &offset, size) == (long)size && offset == sent[i] + (long)size);
      sent[i] += size;
    }
    for (int i = 0; i < COUNT; i++) {
      if (round % 3 == i % 3) continue;
      CHECK(arrives(peer[i], seen[i], sent[i] - seen[i]));
      seen[i] = sent[i];
    }
  }
  for (int i = 0; i < COUNT; i++) CHECK(arrives(peer[i], seen[i], sent[i] - seen[i]) && is_quiet(peer[i]));
  CHECK(lseek(source, 0, SEEK_CUR) == 0);
  close_all();
}

// The file's own position, the end of the file, more than there is, and large pieces.
static void positions(int source) {
  connect_all(EPOLLIN);
  REQUIRE(fcntl(own[1], F_SETFL, 0) == 0);
  for (int i = 0; i < 2; i++) {
    REQUIRE(lseek(source, 100, SEEK_SET) == 100);
    for (int k = 0; k < 5; k++)
      CHECK(sendfile(own[i], source, NULL, 1000) == 1000 && arrives(peer[i], 100 + (unsigned)k * 1000, 1000));
    CHECK(lseek(source, 0, SEEK_CUR) == 5100);
    off_t offset = kLength - 700;
    CHECK(sendfile(own[i], source, &offset, 5000) == 700 && offset == kLength && arrives(peer[i], kLength - 700, 700));
    CHECK(sendfile(own[i], source, &offset, 5000) == 0 && offset == kLength);
    CHECK(sendfile(own[i], source, &offset, 1 << 20) == 0 && offset == kLength);
    offset = kLength + 5000;
    CHECK(sendfile(own[i], source, &offset, 5000) == 0 && offset == kLength + 5000);
    offset = 17;
    CHECK(sendfile(own[i], source, &offset, 0) == 0 && offset == 17);
    CHECK(sendfile(own[i], source, &offset, 60000) == 60000 && offset == 60017 && arrives(peer[i], 17, 60000));
    CHECK(is_quiet(peer[i]) && lseek(source, 0, SEEK_CUR) == 5100);
  }
  REQUIRE(lseek(source, 0, SEEK_SET) == 0);
  close_all();
}

static void* read_slowly(void* argument) {
  const int fd = *(int*)argument;
  usleep(30000);
  return (void*)(long)arrives(fd, 0, kLength);
}

// A peer that does not read: what was taken is told, then EAGAIN; a blocking socket waits.
static void slow_peers(int source) {
  connect_all(EPOLLIN | EPOLLOUT | EPOLLET);
  off_t offset = 0;
  const int small = 16 << 10;
  for (int i = 0; i < 2; i++) {
    REQUIRE(setsockopt(own[i], SOL_SOCKET, SO_SNDBUF, &small, sizeof small) == 0);
    REQUIRE(setsockopt(peer[i], SOL_SOCKET, SO_RCVBUF, &small, sizeof small) == 0);
  }
  int refused = 0;
  while (offset < kLength) {
    const off_t before = offset;
    const long sent = sendfile(own[0], source, &offset, (size_t)(kLength - offset));
    if (sent > 0) {
      CHECK(offset == before + sent);
    } else {
      REQUIRE(sent == -1 && errno == EAGAIN && offset == before);
      refused++;
      CHECK(sendfile(own[0], source, &offset, 2000) == -1 && errno == EAGAIN);
      CHECK(write(own[0], "x", 1) == -1 && errno == EAGAIN);
      struct pollfd room = {own[0], POLLOUT, 0};
      static unsigned seen;
      while (poll(&room, 1, 0) == 0) {
        const long got = recv(peer[0], buffer, 4096, MSG_DONTWAIT);
        if (got < 0 && errno == EAGAIN) continue;
        REQUIRE(got > 0);
        for (long k = 0; k < got; k++) REQUIRE(buffer[k] == byte_at(seen + (unsigned)k));
        seen += (unsigned)got;
      }
    }
  }
  CHECK(refused > 0);
  REQUIRE(fcntl(own[1], F_SETFL, 0) == 0);
  pthread_t reader;
  void* right = NULL;
  REQUIRE(pthread_create(&reader, NULL, read_slowly, &peer[1]) == 0);
  for (offset = 0; offset < kLength;) REQUIRE(sendfile(own[1], source, &offset, (size_t)(kLength - offset)) > 0);
  pthread_join(reader, &right);
  CHECK(right != NULL);
  close_all();
}

static volatile int broken_pipes;
static void count_pipe(int signal) {
  (void)signal;
  broken_pipes++;
}

static void errors(int source) {
  connect_all(EPOLLIN);
  off_t offset = -1;
  CHECK_ERRNO(sendfile(own[0], source, &offset, 10), EINVAL);
  offset = 0;
  CHECK_ERRNO(sendfile(own[0], source, (off_t*)8, 10), EFAULT);
  CHECK_ERRNO(sendfile(own[0], -1, &offset, 10), EBADF);
  CHECK_ERRNO(sendfile(-1, source, &offset, 10), EBADF);
  const int only_write = open("written", O_WRONLY | O_CREAT, 0600), only_read = open("written", O_RDONLY);
  CHECK_ERRNO(sendfile(own[0], only_write, &offset, 10), EBADF);
  CHECK_ERRNO(sendfile(only_read, source, &offset, 10), EBADF);
  CHECK(sendfile(own[0], only_read, &offset, 10) == 0);
  SECTION("a connection that its peer has closed");
  signal(SIGPIPE, SIG_IGN);
  for (int i = 1; i < 3; i++) {
    struct linger reset = {1, 0};
    REQUIRE(setsockopt(peer[i], SOL_SOCKET, SO_LINGER, &reset, sizeof reset) == 0 && close(peer[i]) == 0);
    peer[i] = -1;
    struct pollfd wait = {own[i], POLLIN, 0};
    REQUIRE(poll(&wait, 1, 5000) == 1);
    CHECK_ERRNO(sendfile(own[i], source, &offset, i == 1 ? 1000 : 100000), ECONNRESET);
    CHECK_ERRNO(sendfile(own[i], source, &offset, i == 1 ? 1000 : 100000), EPIPE);
    CHECK(offset == 0);
  }
  CHECK(shutdown(own[3], SHUT_WR) == 0);
  CHECK_ERRNO(sendfile(own[3], source, &offset, 1000), EPIPE);
  CHECK_ERRNO(sendfile(own[3], source, NULL, 100000), EPIPE);
  CHECK(lseek(source, 0, SEEK_CUR) == 0);
  SECTION("what no file has");
  const int folder = open(".", O_RDONLY | O_DIRECTORY);
  offset = 0;
  for (int i = 4; i < 6; i++) {
    CHECK_ERRNO(sendfile(own[i], folder, &offset, 10), EINVAL);
    CHECK_ERRNO(sendfile(own[i], folder, NULL, 10), EINVAL);
    CHECK_ERRNO(sendfile(own[i], source, &offset, (size_t)-1), EINVAL);
    CHECK_ERRNO(sendfile(own[i], source, NULL, (size_t)-5), EINVAL);
    off_t far = 1L << 60;
    const long result = sendfile(own[i], source, &far, 10);
    SAY("%ld %d %ld", result, result < 0 ? errno : 0, far);
    for (int k = 0; k < 3; k++) CHECK(write(own[5], "warm", 4) == 4 && recv(peer[5], buffer, 4, MSG_WAITALL) == 4);
    CHECK(sendfile(own[5], source, &offset, 100) == 100 && arrives(peer[5], 0, 100));
    offset = 0;
  }
  SECTION("a part, and then nobody who reads");
  signal(SIGPIPE, count_pipe);
  CHECK(close(peer[6]) == 0);
  peer[6] = -1;
  const long part = sendfile(own[6], source, &offset, 200000);
  SAY("%s, SIGPIPE %d", part > 0 && part < 200000 ? "a part" : "another result", broken_pipes);
  signal(SIGPIPE, SIG_IGN);
  close_all();
}

// Files and sockets that the enclave keeps to itself, or some of whose pages.
static void inside(int source) {
  connect_all(EPOLLIN);
  int memory = memfd_create("m", 0), pair[2], pipes[2];
  REQUIRE(memory >= 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 && pipe(pipes) == 0);
  off_t offset = 0;
  while (offset < 100000) REQUIRE(sendfile(memory, source, &offset, (size_t)(100000 - offset)) > 0);
  offset = 5;
  CHECK(sendfile(own[0], memory, &offset, 3000) == 3000 && arrives(peer[0], 5, 3000));
  CHECK(sendfile(pair[0], source, &offset, 3000) == 3000 && arrives(pair[1], 3005, 3000));
  CHECK(sendfile(pipes[1], source, &offset, 3000) == 3000 && arrives(pipes[0], 6005, 3000));
  char* const shared = mmap(NULL, kLength, PROT_READ | PROT_WRITE, MAP_SHARED, source, 0);
  REQUIRE(shared != MAP_FAILED);
  shared[0] ^= 1;
  offset = 0;
  CHECK(sendfile(own[1], source, &offset, 1) == 1 && read(peer[1], buffer, 1) == 1 && buffer[0] == (byte_at(0) ^ 1));
  shared[0] ^= 1;
  REQUIRE(munmap(shared, kLength) == 0);
  const int again = open("file", O_RDONLY);
  offset = 0;
  CHECK(sendfile(own[1], again, &offset, 1) == 1 && read(peer[1], buffer, 1) == 1 && buffer[0] == byte_at(0));
  SECTION("what is written to the file is sent");
  CHECK(pwrite(source, "changed", 7, 50) == 7);
  offset = 50;
  CHECK(sendfile(own[2], again, &offset, 7) == 7 && read(peer[2], buffer, 7) == 7 && memcmp(buffer, "changed", 7) == 0);
  CHECK(close(again) == 0);
  close_all();
}

int main(void) {
  file = make_file("file");
  SECTION("streams");
  streams(file, EPOLLIN);
  streams(file, EPOLLIN | EPOLLET);
  SECTION("positions");
  positions(file);
  SECTION("slow peers");
  slow_peers(file);
  SECTION("errors");
  errors(file);
  SECTION("inside");
  inside(file);
  return check_done();
}
