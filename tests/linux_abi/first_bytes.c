// SPDX-License-Identifier: Apache-2.0
// Files that are read straight after they are opened, again and again, as servers do; and everything that may have
// changed in between.
#define COUNT 4
#include "watched_connections.h"
#include <poll.h>
#include <sys/sendfile.h>

static char text[70000];
static int writer;

static void set(const char* path, int size, char first) {
  static char bytes[70000];
  for (int i = 0; i < size; i++) bytes[i] = (char)(first + i % 61);
  const int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
  REQUIRE(fd >= 0 && write(fd, bytes, (size_t)size) == size && close(fd) == 0);
}
static int holds(long size, long position, char first) {
  for (long i = 0; i < size; i++)
    if (text[i] != (char)(first + (position + i) % 61)) return 0;
  return 1;
}
static int reads(int fd, long wanted, long expected, char first) {
  memset(text, 0, sizeof text);
  return pread(fd, text, (size_t)wanted, 0) == expected && holds(expected, 0, first) && text[expected] == 0;
}
// A habit: three files are read at once.
static void habit(void) {
  for (int i = 0; i < 3; i++) {
    const int fd = open("small", O_RDONLY);
    CHECK(reads(fd, 200, 100, 's') && close(fd) == 0);
  }
}
static int after_habit(const char* path) {
  habit();
  const int fd = open(path, O_RDONLY);
  REQUIRE(fd >= 0);
  return fd;
}

static void sizes(void) {
  static const int kSizes[] = {1, 7, 100, 4095, 4096, 10240, 16383, 16384, 16385, 60000};
  for (unsigned i = 0; i < sizeof kSizes / sizeof kSizes[0]; i++) {
    const int size = kSizes[i];
    set("file", size, 'a');
    for (int wanted = 1; wanted <= 65536; wanted *= 4) {
      int fd = after_habit("file");
      CHECK(reads(fd, wanted, wanted < size ? wanted : size, 'a'));
      CHECK(reads(fd, 65536, size, 'a') && lseek(fd, 0, SEEK_CUR) == 0 && close(fd) == 0);
      fd = after_habit("file");
      CHECK(pread(fd, text, (size_t)wanted, 1) == (wanted < size - 1 ? wanted : size - 1) &&
            (size == 1 || holds(1, 1, 'a')));
      CHECK(pread(fd, text, (size_t)wanted, size) == 0 && pread(fd, text, 0, 0) == 0);
      CHECK(read(fd, text, (size_t)wanted) == (wanted < size ? wanted : size) && holds(1, 0, 'a') && close(fd) == 0);
    }
  }
  set("file", 0, 'a');
  int fd = after_habit("file");
  CHECK(pread(fd, text, 100, 0) == 0 && close(fd) == 0);
  fd = after_habit("/dev/null");
  CHECK(pread(fd, text, 100, 0) == 0 && close(fd) == 0);
  fd = after_habit(".");
  CHECK_ERRNO(pread(fd, text, 100, 0), EISDIR);
  CHECK(close(fd) == 0);
}

static void* change_in_thread(void* unused) {
  (void)unused;
  CHECK(pwrite(writer, "T", 1, 0) == 1);
  return NULL;
}
static void change_in_handler(int signal) {
  (void)signal;
  CHECK(pwrite(writer, "H", 1, 0) == 1);
}

static void changes(void) {
  set("file", 5000, 'a');
  writer = open("file", O_RDWR);
  int fd = after_habit("file"), other;
  CHECK(pwrite(writer, "b", 1, 0) == 1 && pread(fd, text, 10, 0) == 10 && text[0] == 'b' && close(fd) == 0);
  fd = after_habit("file");
  CHECK(ftruncate(writer, 3) == 0 && pread(fd, text, 10, 0) == 3 && close(fd) == 0);
  set("file", 5000, 'a');
  fd = after_habit("file");
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, change_in_thread, NULL) == 0 && pthread_join(thread, NULL) == 0);
  CHECK(pread(fd, text, 10, 0) == 10 && text[0] == 'T' && close(fd) == 0);
  signal(SIGUSR1, change_in_handler);
  fd = after_habit("file");
  CHECK(raise(SIGUSR1) == 0 && pread(fd, text, 10, 0) == 10 && text[0] == 'H' && close(fd) == 0);
  fd = after_habit("file");
  char* const shared = mmap(NULL, 5000, PROT_READ | PROT_WRITE, MAP_SHARED, writer, 0);
  REQUIRE(shared != MAP_FAILED);
  shared[0] = 'M';
  CHECK(pread(fd, text, 10, 0) == 10 && text[0] == 'M' && close(fd) == 0);
  fd = after_habit("file");
  shared[0] = 'N';
  CHECK(pread(fd, text, 10, 0) == 10 && text[0] == 'N' && close(fd) == 0 && munmap(shared, 5000) == 0);
  SECTION("when it was read");
  for (int i = 0; i < 5; i++) {
    habit();
    const struct timespec old[2] = {{1000, 0}, {2000, 0}};
    struct stat status;
    CHECK(futimens(writer, old) == 0);
    fd = open("file", O_RDONLY);
    CHECK(pread(fd, text, 10, 0) == 10 && fstat(fd, &status) == 0);
    SAY("%s", status.st_atim.tv_sec == 1000 ? "as if nobody had" : "just now");
    CHECK(close(fd) == 0);
  }
  SECTION("descriptors");
  fd = after_habit("file");
  other = dup(fd);
  CHECK(close(fd) == 0 && pread(other, text, 10, 0) == 10 && text[0] == 'N' && close(other) == 0);
  CHECK_ERRNO(pread(fd, text, 10, 0), EBADF);
  fd = after_habit("file");
  other = open("small", O_RDONLY);
  CHECK(reads(other, 100, 100, 's') && pread(fd, text, 1, 0) == 1 && text[0] == 'N' && reads(other, 100, 100, 's'));
  CHECK(dup2(other, fd) == fd && reads(fd, 100, 100, 's') && close(fd) == 0 && close(other) == 0);
  fd = after_habit("file");
  CHECK(close(fd) == 0 && open("small", O_RDONLY) == fd && reads(fd, 100, 100, 's') && close(fd) == 0);
  habit();
  fd = open("file", O_WRONLY);
  CHECK_ERRNO(pread(fd, text, 10, 0), EBADF);
  CHECK(close(fd) == 0);
  SECTION("bad buffers");
  fd = after_habit("file");
  CHECK_ERRNO(pread(fd, (void*)8, 10, 0), EFAULT);
  CHECK_ERRNO(pread(fd, text, 10, -1), EINVAL);
  CHECK(pread(fd, text, 10, 0) == 10 && close(fd) == 0 && close(writer) == 0);
}

static int hears(int i, long size, char first) {
  memset(text, 0, sizeof text);
  return recv(peer[i], text, (size_t)size, MSG_WAITALL) == size && holds(size, 0, first);
}
static void serve(int i, const char* path, long size, int headers) {
  const int fd = open(path, O_RDONLY);
  off_t offset = 0;
  for (int k = 0; k < headers; k++) CHECK(write(own[i], "header", 6) == 6);
  CHECK(sendfile(own[i], fd, &offset, (size_t)size) == size && offset == size && close(fd) == 0);
}

// Three pages on their way at once: each connection hears its own.
static void pages(void) {
  connect_all(EPOLLIN | EPOLLET);
  set("first", 10240, '0'), set("second", 9000, '2'), set("third", 16384, '4');
  for (int round = 0; round < 60; round++) {
    const int headers = round % 3;
    serve(0, "first", 10240, headers);
    serve(1, "second", 9000, headers);
    serve(2, "third", 16384, headers);
    if (round % 4 == 0) serve(3, "first", 500, 1), serve(3, "second", 700, 0);
    for (int i = 0; i < 3; i++)
      for (int k = 0; k < headers; k++)
        CHECK(recv(peer[i], text, 6, MSG_WAITALL) == 6 && memcmp(text, "header", 6) == 0);
    CHECK(hears(0, 10240, '0') && hears(1, 9000, '2') && hears(2, 16384, '4'));
    if (round % 4 == 0)
      CHECK(recv(peer[3], text, 6, MSG_WAITALL) == 6 && memcmp(text, "header", 6) == 0 && hears(3, 500, '0') &&
            hears(3, 700, '2'));
    const int fd = open("second", O_RDONLY);
    CHECK(reads(fd, 20000, 9000, '2') && close(fd) == 0);
  }
  SECTION("one page to several");
  const int fd = open("second", O_RDONLY);
  off_t offset = 0;
  for (int i = 0; i < COUNT; i++, offset = 0) CHECK(sendfile(own[i], fd, &offset, 9000) == 9000);
  for (int i = 0; i < COUNT; i++) CHECK(hears(i, 9000, '2'));
  CHECK(close(fd) == 0);
  close_all();
}

int main(void) {
  set("small", 100, 's');
  SECTION("sizes");
  sizes();
  SECTION("pages");
  pages();
  SECTION("changes");
  changes();
  return check_done();
}
