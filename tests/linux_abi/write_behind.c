// SPDX-License-Identifier: Apache-2.0
// What a server that waits with epoll sends, and everything that may happen between its write and its next call, with
// which the enclave lets the bytes go out.
#define COUNT 20
#include "watched_connections.h"
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <time.h>

static volatile int stage;

// Connections that are no longer new: each has said a little.
static void arrive(uint32_t events) {
  connect_all(events);
  for (int i = 0; i < COUNT; i++) {
    REQUIRE(setsockopt(own[i], IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)) == 0);
    for (int early = 0; early < 3; early++)
      REQUIRE(write(own[i], "early", 5) == 5 && recv(peer[i], buffer, 5, MSG_WAITALL) == 5);
  }
}

static int hears(int i, const char* text) {
  char heard[100] = "";
  size_t size = strlen(text), got = 0;
  struct pollfd wait = {peer[i], POLLIN, 0};
  while (got < size && poll(&wait, 1, 5000) == 1) {
    long more = read(peer[i], heard + got, size - got);
    if (more <= 0) break;
    got += (size_t)more;
  }
  return got == size && memcmp(heard, text, size) == 0;
}
static int hears_nothing(int i) {
  struct pollfd wait = {peer[i], POLLIN, 0};
  return poll(&wait, 1, 0) == 0;
}
static int hears_end(int i) {
  struct pollfd wait = {peer[i], POLLIN, 0};
  char byte;
  return poll(&wait, 1, 5000) == 1 && read(peer[i], &byte, 1) == 0;
}

static void cork(int fd, int on) {
  int is = -1;
  socklen_t size = sizeof is;
  CHECK(setsockopt(fd, IPPROTO_TCP, TCP_CORK, &on, sizeof on) == 0);
  CHECK(getsockopt(fd, IPPROTO_TCP, TCP_CORK, &is, &size) == 0 && is == on);
}

static void* uncork(void* fd) {
  cork((int)(intptr_t)fd, 0);
  return NULL;
}

// What is corked stays together and back, whatever comes between: other calls, large writes, another thread.
static void corks(uint32_t events) {
  static char large[40000], heard[40004];
  arrive(events);
  for (int round = 0; round < 3; round++) {
    cork(own[0], 1);
    CHECK(write(own[0], "together", 8) == 8 && write(own[0], " and back", 9) == 9 && hears_nothing(0));
    cork(own[0], 0);
    CHECK(hears(0, "together and back"));
    CHECK(setsockopt(own[1], IPPROTO_TCP, TCP_CORK, &(int){1}, 4) == 0 && write(own[1], "head ", 5) == 5);
    CHECK(write(own[1], "tail", 4) == 4 && setsockopt(own[1], IPPROTO_TCP, TCP_CORK, &(int){0}, 4) == 0);
    CHECK(hears(1, "head tail") && write(own[1], "alone", 5) == 5 && hears(1, "alone"));
    cork(own[2], 1);
    CHECK(write(own[2], "head", 4) == 4 && write(own[2], large, sizeof large) == (long)sizeof large);
    cork(own[2], 0);
    CHECK(recv(peer[2], heard, sizeof heard, MSG_WAITALL) == (long)sizeof heard && memcmp(heard, "head", 4) == 0);
    CHECK(write(own[2], "alone", 5) == 5 && hears(2, "alone"));
    cork(own[3], 1);
    CHECK(write(own[3], "a", 1) == 1 && send(own[3], "b", 1, MSG_MORE) == 1 && write(own[3], "c", 1) == 1);
    cork(own[3], 1);
    CHECK(hears_nothing(3));
    cork(own[3], 0);
    CHECK(hears(3, "abc"));
    cork(own[4], 1);
    cork(own[4], 0);
    CHECK(write(own[4], "x", 1) == 1 && hears(4, "x"));
  }
  pthread_t other;
  cork(own[5], 1);
  CHECK(write(own[5], "freed by another", 16) == 16 && hears_nothing(5));
  pthread_create(&other, NULL, uncork, (void*)(intptr_t)own[5]);
  pthread_join(other, NULL);
  CHECK(hears(5, "freed by another"));
  cork(own[6], 1);
  CHECK(write(own[6], "last", 4) == 4 && shutdown(own[6], SHUT_WR) == 0 && hears(6, "last") && hears_end(6));
  CHECK_ERRNO(setsockopt(own[7], IPPROTO_TCP, TCP_CORK, &(char){1}, 1), EINVAL);
}

static long say(int kind, int fd, char* data, size_t size) {
  struct iovec parts[3] = {{data, size / 3}, {data + size / 3, 0}, {data + size / 3, size - size / 3}};
  struct msghdr message = {.msg_iov = parts, .msg_iovlen = 3};
  switch (kind & 3) {
    case 0: return write(fd, data, size);
    case 1: return send(fd, data, size, MSG_NOSIGNAL);
    case 2: return writev(fd, parts, 3);
    default: return sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  }
}

// Every connection is a stream of numbered bytes in pieces of all sizes, said in all ways.
static void streams(uint32_t events) {
  static unsigned sent[COUNT], got[COUNT];
  unsigned seed = 1;
  memset(sent, 0, sizeof sent);
  memset(got, 0, sizeof got);
  arrive(events);
  for (int round = 0; round < 300; round++) {
    for (int i = 0; i < COUNT; i++) {
      seed = seed * 1103515245 + 12345;
      unsigned size = 1 + (seed >> 16 & 7 ? seed >> 20 & 255 : seed >> 17 & 32767);
      for (unsigned k = 0; k < size; k++) buffer[k] = (char)((sent[i] + k) * 7 >> 2);
      CHECK(say((int)(seed >> 28), own[i], buffer, size) == (long)size);
      sent[i] += size;
    }
    for (int i = 0; i < COUNT; i++) {
      while (got[i] < sent[i]) {
        long size = read(peer[i], buffer, sizeof buffer);
        REQUIRE(size > 0);
        for (long n = 0; n < size; n++)
          if (buffer[n] != (char)((got[i] + (unsigned)n) * 7 >> 2)) {
            CHECK(!"another byte than was sent");
            break;
          }
        got[i] += (unsigned)size;
      }
    }
  }
  for (int i = 0; i < COUNT; i++) CHECK(sent[i] == got[i] && hears_nothing(i));
  close_all();
}

// An enclave whose sends have waited long lets none wait for a while.
static void serve_quickly(void) {
  for (int n = 0; n < 1500; n++) {
    char byte;
    REQUIRE(write(own[COUNT - 1], "x", 1) == 1 && read(peer[COUNT - 1], &byte, 1) == 1);
  }
}

// Until `stage` is `wanted`, without any call; not for ever.
static int spin_until(int wanted) {
  for (long n = 0; n < 3000000000; n++)
    if (stage == wanted) return 1;
  return 0;
}
static void* hear_and_tell(void* unused) {
  (void)unused;
  if (hears(0, "while it computes")) stage = 1;
  return NULL;
}
static void* write_after(void* fd) {
  long size = write((int)(intptr_t)fd, " second", 7);
  stage = 1;
  return (void*)(intptr_t)size;
}
static void* close_after(void* fd) {
  int result = close((int)(intptr_t)fd);
  stage = 1;
  return (void*)(intptr_t)result;
}
static void* end_after(void* fd) {
  int result = shutdown((int)(intptr_t)fd, SHUT_WR);
  stage = 1;
  return (void*)(intptr_t)result;
}
static void* write_and_end(void* fd) { return (void*)(intptr_t)write((int)(intptr_t)fd, "last words", 10); }
static int pair[2];
static void* hear_and_answer_inside(void* unused) {
  (void)unused;
  return (void*)(intptr_t)(hears(1, "question") ? write(pair[1], "answer", 6) : -1);
}
static void on_signal(int number) {
  (void)number;
  CHECK(write(own[2], "from the handler", 16) == 16);
}

static int write_until_broken(int fd) {
  for (int tries = 0; tries < 5; tries++) {
    if (write(fd, "x", 1) != 1) return errno;
    usleep(1000);
  }
  return 0;
}

// What is sent lies on pages of a file that must be read first, which needs an exit, while other sends wait.
static void from_new_pages(uint32_t events) {
  enum { kPages = 64, kSize = 5000 };
  arrive(events);
  const int file = open("pages", O_RDWR | O_CREAT | O_TRUNC, 0600);
  memset(buffer, 'p', sizeof buffer);
  for (int i = 0; i < kPages; i++) REQUIRE(write(file, buffer, 4096) == 4096);
  memset(buffer, 'S', sizeof buffer);
  for (int kind = 0; kind < 4; kind++) {
    for (int private = 0; private < 3; private ++) {
      char* const pages =
          private == 2
              ? mmap(NULL, kPages * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
              : mmap(NULL, kPages * 4096, PROT_READ, private ? MAP_PRIVATE : MAP_SHARED, file, 0);
      REQUIRE(pages != MAP_FAILED);
      const char expected = private == 2 ? 0 : 'p';
      for (int same = 0; same < 2; same++) {
        const int to = same ? 0 : 1, first = 300 + 7 * kind;
        char* const from = pages + same * 32 * 4096 + 4096 - 100;
        CHECK(say(kind, own[0], buffer, (size_t)first) == first && say(kind, own[to], from, kSize) == kSize);
        static char heard[kSize];
        CHECK(recv(peer[0], heard, (size_t)first, MSG_WAITALL) == first && heard[0] == 'S' && heard[first - 1] == 'S');
        CHECK(recv(peer[to], heard, kSize, MSG_WAITALL) == kSize);
        for (int i = 0; i < kSize; i++)
          if (heard[i] != expected) {
            CHECK(!"bytes of something else");
            break;
          }
        CHECK(hears_nothing(0) && hears_nothing(1));
      }
      REQUIRE(munmap(pages, kPages * 4096) == 0);
    }
  }
  close(file);
  close_all();
}

int main(void) {
  pthread_t thread;
  void* result;
  int number;
  stage = 0;

  SECTION("streams, by level");
  streams(EPOLLIN);
  SECTION("streams, by edge");
  streams(EPOLLIN | EPOLLOUT | EPOLLET);

  SECTION("from memory that must come first");
  from_new_pages(EPOLLIN | EPOLLET);

  SECTION("corked");
  corks(EPOLLIN | EPOLLET);

  SECTION("one after the other");
  arrive(EPOLLIN);
  CHECK(write(own[0], "one ", 4) == 4 && write(own[0], "two ", 4) == 4 && send(own[0], "three", 5, 0) == 5);
  CHECK(hears(0, "one two three"));
  int copy = dup(own[1]);
  CHECK(write(own[1], "one ", 4) == 4 && write(copy, "two ", 4) == 4 && send(own[1], "three ", 6, MSG_MORE) == 6);
  CHECK(write(copy, "four", 4) == 4 && hears(1, "one two three four"));
  close(copy);
  memset(buffer, 'b', sizeof buffer);
  CHECK(write(own[2], "a", 1) == 1 && write(own[2], buffer, sizeof buffer) == (long)sizeof buffer);
  CHECK(write(own[2], "c", 1) == 1 && hears(2, "abb") && hears_nothing(3));
  CHECK(write(own[3], "", 0) == 0 && send(own[3], "", 0, 0) == 0 && write(own[3], "d", 1) == 1 && hears(3, "d"));
  CHECK(write(own[4], "before ", 7) == 7);
  CHECK_ERRNO(write(own[4], (void*)8, 9), EFAULT);
  CHECK(write(own[4], "after", 5) == 5 && hears(4, "before after"));
  CHECK(setsockopt(own[5], IPPROTO_TCP, TCP_CORK, &(int){1}, 4) == 0 && write(own[5], "co", 2) == 2);
  CHECK(write(own[5], "rked", 4) == 4 && hears_nothing(5));
  CHECK(setsockopt(own[5], IPPROTO_TCP, TCP_CORK, &(int){0}, 4) == 0 && hears(5, "corked"));
  CHECK(write(own[6], "blocking", 8) == 8 && fcntl(own[6], F_SETFL, 0) == 0 && write(own[6], " too", 4) == 4);
  CHECK(hears(6, "blocking too"));
  CHECK(write(own[7], "small", 5) == 5 && setsockopt(own[7], SOL_SOCKET, SO_SNDBUF, &(int){4096}, 4) == 0);
  CHECK(write(own[7], "er", 2) == 2 && hears(7, "smaller"));
  CHECK(write(own[8], "queued", 6) == 6 && ioctl(own[8], SIOCOUTQ, &number) == 0 && number >= 0 && number <= 6);
  CHECK(hears(8, "queued"));
  char text[32] = "as it was";
  CHECK(write(own[9], text, 9) == 9);
  memset(text, 'x', sizeof text);
  CHECK(hears(9, "as it was"));
  close_all();

  SECTION("more than wait at once");
  arrive(EPOLLIN);
  for (int round = 0; round < 3; round++)
    for (int i = 0; i < COUNT; i++) CHECK(write(own[i], "short", 5) == 5);
  for (int i = 0; i < COUNT; i++) CHECK(hears(i, "shortshortshort"));
  memset(buffer, 'l', sizeof buffer);
  for (int i = 0; i < COUNT; i++) CHECK(write(own[i], buffer, 15000) == 15000);
  for (int i = 0; i < COUNT; i++)
    for (long got = 0, size; got < 15000; got += size) REQUIRE((size = read(peer[i], buffer, 15000)) > 0);
  close_all();

  SECTION("while the program computes");
  arrive(EPOLLIN);
  CHECK(pthread_create(&thread, NULL, hear_and_tell, NULL) == 0);
  serve_quickly();
  CHECK(write(own[0], "while it computes", 17) == 17 && spin_until(1));
  CHECK(pthread_join(thread, NULL) == 0);

  SECTION("while it waits for what is inside");
  serve_quickly();
  CHECK(pipe(pair) == 0 && pthread_create(&thread, NULL, hear_and_answer_inside, NULL) == 0);
  CHECK(write(own[1], "question", 8) == 8 && read(pair[0], text, sizeof text) == 6 && memcmp(text, "answer", 6) == 0);
  CHECK(pthread_join(thread, &result) == 0 && (intptr_t)result == 6);

  SECTION("a signal");
  signal(SIGUSR1, on_signal);
  CHECK(write(own[2], "before ", 7) == 7 && raise(SIGUSR1) == 0 && write(own[2], " after", 6) == 6);
  CHECK(hears(2, "before from the handler after"));

  SECTION("other threads");
  stage = 0;
  CHECK(pthread_create(&thread, NULL, write_after, (void*)(intptr_t)own[3]) == 0);
  CHECK(pthread_join(thread, &result) == 0 && (intptr_t)result == 7 && hears(3, " second"));
  for (int i = 3; i < 6; i++) {
    stage = 0;
    serve_quickly();
    CHECK(write(own[i], "first", 5) == 5);
    CHECK(pthread_create(&thread, NULL, write_after, (void*)(intptr_t)own[i]) == 0 && spin_until(1));
    CHECK(pthread_join(thread, &result) == 0 && (intptr_t)result == 7 && hears(i, "first second"));
  }
  stage = 0;
  CHECK(pthread_create(&thread, NULL, close_after, (void*)(intptr_t)dup(own[6])) == 0);
  CHECK(pthread_join(thread, &result) == 0 && (intptr_t)result == 0);
  serve_quickly();
  CHECK(write(own[6], "half", 4) == 4);
  CHECK(pthread_create(&thread, NULL, end_after, (void*)(intptr_t)own[6]) == 0 && pthread_join(thread, &result) == 0);
  CHECK((intptr_t)result == 0 && hears(6, "half") && hears_end(6));
  serve_quickly();
  CHECK(write(own[7], "whole", 5) == 5);
  CHECK(pthread_create(&thread, NULL, close_after, (void*)(intptr_t)own[7]) == 0 && pthread_join(thread, NULL) == 0);
  own[7] = -1;
  CHECK(hears(7, "whole") && hears_end(7));
  CHECK(pthread_create(&thread, NULL, write_and_end, (void*)(intptr_t)own[8]) == 0);
  CHECK(pthread_join(thread, &result) == 0 && (intptr_t)result == 10 && hears(8, "last words"));
  close_all();

  SECTION("ends");
  arrive(EPOLLIN);
  serve_quickly();
  CHECK(write(own[0], "end", 3) == 3 && shutdown(own[0], SHUT_WR) == 0 && hears(0, "end") && hears_end(0));
  CHECK(write(own[1], "closed", 6) == 6 && close(own[1]) == 0 && hears(1, "closed") && hears_end(1));
  own[1] = dup2(own[0], 400);
  CHECK(write(own[2], "replaced", 8) == 8 && dup2(own[0], own[2]) == own[2] && hears(2, "replaced") && hears_end(2));
  CHECK(close(ep) == 0 && write(own[3], "without epoll", 13) == 13 && hears(3, "without epoll"));
  ep = epoll_create1(0);
  signal(SIGPIPE, SIG_IGN);
  CHECK(close(peer[4]) == 0);
  peer[4] = -1;
  CHECK(write_until_broken(own[4]) == EPIPE);
  CHECK(setsockopt(peer[5], SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger)) == 0);
  CHECK(close(peer[5]) == 0);
  peer[5] = -1;
  number = write_until_broken(own[5]);
  CHECK(number == ECONNRESET || number == EPIPE);
  close_all();

  SECTION("no connection");
  arrive(EPOLLIN);
  CHECK(shutdown(own[0], SHUT_WR) == 0);
  CHECK_ERRNO(write(own[0], "x", 1), EPIPE);
  struct epoll_event event = {.events = EPOLLIN};
  int idle = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  CHECK(epoll_ctl(ep, EPOLL_CTL_ADD, idle, &event) == 0);
  for (int n = 0; n < 4; n++) CHECK_ERRNO(write(idle, "x", 1), EPIPE);
  close(idle);
  struct linger at_once = {1, 0};
  for (int i = 1; i < 3; i++) {
    CHECK(setsockopt(peer[i], SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0 && close(peer[i]) == 0);
    peer[i] = -1;
  }
  CHECK_ERRNO(read(own[1], buffer, 1), ECONNRESET);
  CHECK_ERRNO(write(own[1], "x", 1), EPIPE);
  CHECK(getsockopt(own[2], SOL_SOCKET, SO_ERROR, &number, &(socklen_t){4}) == 0 && number == ECONNRESET);
  CHECK_ERRNO(write(own[2], "x", 1), EPIPE);
  close_all();

  SECTION("many threads, one after the other");
  arrive(EPOLLIN);
  for (int i = 0; i < COUNT; i++) {
    CHECK(pthread_create(&thread, NULL, write_and_end, (void*)(intptr_t)own[i]) == 0);
    CHECK(pthread_join(thread, &result) == 0 && (intptr_t)result == 10 && hears(i, "last words"));
  }
  close_all();

  SECTION("a peer that does not read, pieces large and small");
  arrive(EPOLLIN | EPOLLET);
  struct timespec begin, end;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  memset(buffer, 's', sizeof buffer);
  long total = 0, size;
  for (int n = 0; (size = write(own[0], buffer, n % 2 ? 60000 : 5)) > 0; n++) total += size;
  CHECK(size == -1 && errno == EAGAIN);
  for (int n = 0; n < 8; n++) CHECK_ERRNO(write(own[0], buffer, 5), EAGAIN);
  clock_gettime(CLOCK_MONOTONIC, &end);
  CHECK(end.tv_sec - begin.tv_sec < 2 && shutdown(own[0], SHUT_WR) == 0);
  while ((size = read(peer[0], buffer, sizeof buffer)) > 0) total -= size;
  CHECK(size == 0 && total == 0);
  close_all();

  SECTION("a peer that does not read");
  arrive(EPOLLIN);
  memset(buffer, 's', sizeof buffer);
  total = 0;
  for (int n = 0; (size = write(own[0], buffer, (size_t)(100 + n * 37 % 9000))) > 0; n++) {
    total += size;
    if (n % 16 == 0) CHECK(write(own[1], "on time", 7) == 7 && hears(1, "on time"));
  }
  CHECK(size == -1 && errno == EAGAIN && total > 20000);
  CHECK(write(own[1], "on time", 7) == 7 && hears(1, "on time"));
  struct pollfd writable = {own[0], POLLOUT, 0};
  CHECK(poll(&writable, 1, 0) == 0);
  CHECK(shutdown(own[0], SHUT_WR) == 0);
  while ((size = read(peer[0], buffer, sizeof buffer)) > 0) total -= size;
  CHECK(size == 0 && total == 0);
  close_all();
  return check_done();
}
