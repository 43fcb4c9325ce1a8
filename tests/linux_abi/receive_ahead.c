// SPDX-License-Identifier: Apache-2.0
// What several TCP peers have sent, read in the order in which epoll tells of it, and everything else that may happen
// to a readable socket between epoll_wait and its read: the enclave receives from it ahead, and nobody must be able to
// tell.
#define COUNT 12
#include "watched_connections.h"
#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/uio.h>

static struct epoll_event out[COUNT * 2];

static int events_of(int count, int i) {
  for (int k = 0; k < count; k++)
    if (out[k].data.u32 == (uint32_t)i) return (int)out[k].events;
  return -1;
}
static int wait_now(void) { return epoll_wait(ep, out, COUNT * 2, 0); }

static void say_all(int size) {
  for (int i = 0; i < COUNT; i++) {
    char text[32];
    memset(text, 'a' + i, sizeof text);
    CHECK(send(peer[i], text, (size_t)size, 0) == size);
  }
}
static int is_from(int i, long size) {
  for (long k = 0; k < size; k++)
    if (buffer[k] != 'a' + i) return 0;
  return 1;
}
// Everyone has been read from once, and everyone has sent `size` bytes; the first to be told of has been read, and with
// it others may have been received from.
static void arrive(uint32_t events, int size) {
  connect_all(events);
  say_all(3);
  REQUIRE(wait_now() == COUNT);
  for (int i = 0; i < COUNT; i++) CHECK(read(own[i], buffer, 100) == 3 && is_from(i, 3));
  say_all(size);
  REQUIRE(wait_now() == COUNT);
  CHECK(read(own[out[0].data.u32], buffer, 100) == size && is_from((int)out[0].data.u32, size));
}
static int second(void) { return (int)out[1].data.u32; }
static int third(void) { return (int)out[2].data.u32; }

static void* read_one(void* fd) {
  static char text[100];
  long size = read((int)(intptr_t)fd, text, sizeof text);
  return (void*)(intptr_t)size;
}
static void* wait_elsewhere(void* unused) {
  (void)unused;
  struct epoll_event there[COUNT * 2];
  return (void*)(intptr_t)epoll_wait(ep, there, COUNT * 2, 1000);
}

static unsigned sent[COUNT], got[COUNT];
// Whether the read filled the buffer: by edge there may be more, of which nobody tells.
static int read_some(int i, size_t room) {
  long size = read(own[i], buffer, room);
  CHECK(size > 0 || errno == EAGAIN);
  for (long n = 0; n < size; n++)
    if (buffer[n] != (char)((got[i] + (unsigned)n) * 7 >> 2)) {
      CHECK(!"another byte than was sent");
      break;
    }
  got[i] += size > 0 ? (unsigned)size : 0;
  return size == (long)room;
}

// Every peer is a stream of numbered bytes in pieces of all sizes; every reader takes what it gets in buffers of all
// sizes.
static void streams(uint32_t events) {
  unsigned seed = 1;
  memset(sent, 0, sizeof sent);
  memset(got, 0, sizeof got);
  connect_all(events);
  for (int round = 0; round < 400; round++) {
    for (int i = 0; i < COUNT; i++) {
      seed = seed * 1103515245 + 12345;
      unsigned size = seed >> 16 & 3 ? seed >> 20 & 255 : seed >> 18 & 16383;
      for (unsigned k = 0; k < size; k++) buffer[k] = (char)((sent[i] + k) * 7 >> 2);
      CHECK(size == 0 || send(peer[i], buffer, size, 0) == (long)size);
      sent[i] += size;
    }
    for (int count = wait_now(), k = 0; k < count; k++) {
      int i = (int)out[k].data.u32;
      seed = seed * 1103515245 + 12345;
      size_t room = seed >> 16 & 1 ? 16384 : 1 + (seed >> 18 & 2047);
      while (read_some(i, room) && (events & EPOLLET)) continue;
    }
  }
  for (int count; (count = wait_now()) > 0;)
    for (int k = 0; k < count; k++)
      while (read_some((int)out[k].data.u32, sizeof buffer)) continue;
  for (int i = 0; i < COUNT; i++) CHECK(sent[i] == got[i]);
  close_all();
}

int main(void) {
  struct sockaddr_storage from;
  socklen_t from_size = sizeof from;
  int number, all;
  void* result;
  pthread_t thread;
  signal(SIGPIPE, SIG_IGN);

  SECTION("streams");
  streams(EPOLLIN);
  SECTION("streams by edge");
  streams(EPOLLIN | EPOLLRDHUP | EPOLLET);

  SECTION("by level, what is unread is told of again");
  arrive(EPOLLIN, 5);
  all = wait_now();
  CHECK(all == COUNT - 1 && events_of(all, 0) == -1 && events_of(all, COUNT - 1) == EPOLLIN);
  CHECK(epoll_wait(ep, out, 3, 0) == 3);
  for (int i = 1; i < COUNT; i++) CHECK(read(own[i], buffer, 2) == 2 && is_from(i, 2));
  CHECK(wait_now() == COUNT - 1);
  for (int i = 1; i < COUNT; i++) CHECK(read(own[i], buffer, 100) == 3 && is_from(i, 3));
  CHECK(wait_now() == 0);
  for (int i = 0; i < COUNT; i++) CHECK_ERRNO(read(own[i], buffer, 100), EAGAIN);
  close_all();

  SECTION("and beside what the host tells of");
  arrive(EPOLLIN, 5);
  CHECK(send(peer[0], "aaa", 3, 0) == 3 && send(peer[1], "b", 1, 0) == 1);
  for (int rounds = 0, told = 0; told != (1 << COUNT) - 1 && rounds < 10; rounds++)
    for (int count = wait_now(), k = 0; k < count; k++) told |= 1 << out[k].data.u32;
  CHECK(read(own[0], buffer, 100) == 3 && read(own[1], buffer, 100) == 6 && is_from(1, 6));
  close_all();

  SECTION("by edge, events handled backwards");
  arrive(EPOLLIN | EPOLLET, 5);
  for (int i = 0; i < COUNT; i++)
    while (read(own[i], buffer, 100) > 0) continue;
  say_all(4);
  REQUIRE(wait_now() == COUNT);
  for (int k = COUNT - 1; k > 3; k--)
    while (read(own[out[k].data.u32], buffer, 100) > 0) continue;
  CHECK(send(peer[out[COUNT - 1].data.u32], "again", 5, 0) == 5);
  number = (int)out[COUNT - 1].data.u32;
  for (int k = 3; k >= 0; k--)
    while (read(own[out[k].data.u32], buffer, 100) > 0) continue;
  CHECK(wait_now() == 1 && (int)out[0].data.u32 == number);
  close_all();

  SECTION("by edge, it is not, until something new comes or it is modified");
  arrive(EPOLLIN | EPOLLET, 5);
  CHECK(wait_now() == 0);
  CHECK(send(peer[1], "b", 1, 0) == 1 && wait_now() == 1 && out[0].data.u32 == 1 && wait_now() == 0);
  CHECK(control(ep, EPOLL_CTL_MOD, own[2], EPOLLIN | EPOLLET, 2) == 0 && wait_now() == 1 && events_of(1, 2) == EPOLLIN);
  CHECK(wait_now() == 0);
  CHECK(control(ep, EPOLL_CTL_DEL, own[3], 0, 0) == 0);
  CHECK(control(ep, EPOLL_CTL_ADD, own[3], EPOLLIN | EPOLLET, 3) == 0 && wait_now() == 1 && events_of(1, 3) == EPOLLIN);
  CHECK(control(ep, EPOLL_CTL_MOD, own[2], EPOLLOUT | EPOLLET, 2) == 0 && wait_now() == 1 &&
        events_of(1, 2) == EPOLLOUT);
  CHECK(read(own[1], buffer, 100) == 6 && is_from(1, 6) && read(own[2], buffer, 100) == 5 && is_from(2, 5));
  CHECK_ERRNO(read(own[1], buffer, 100), EAGAIN);
  close_all();

  SECTION("one shot");
  arrive(EPOLLIN, 5);
  for (int i = 0; i < COUNT; i++) CHECK(control(ep, EPOLL_CTL_MOD, own[i], EPOLLIN | EPOLLONESHOT, i) == 0);
  all = wait_now();
  CHECK(all == COUNT - 1 && wait_now() == 0);
  CHECK(read(own[1], buffer, 2) == 2 && wait_now() == 0);
  CHECK(control(ep, EPOLL_CTL_MOD, own[1], EPOLLIN | EPOLLONESHOT, 1) == 0 && wait_now() == 1 && wait_now() == 0);
  CHECK(control(ep, EPOLL_CTL_MOD, own[2], EPOLLIN | EPOLLONESHOT, 2) == 0 && wait_now() == 1 &&
        events_of(1, 2) == EPOLLIN);
  CHECK(read(own[1], buffer, 100) == 3 && read(own[2], buffer, 100) == 5);
  close_all();

  SECTION("messages");
  arrive(EPOLLIN, 9);
  CHECK(recv(own[1], buffer, 4, MSG_PEEK) == 4 && recv(own[1], buffer, 100, MSG_PEEK) == 9 && is_from(1, 9));
  CHECK(send(peer[1], "bbb", 3, 0) == 3 && recv(own[1], buffer, 100, MSG_PEEK) == 12 && is_from(1, 12));
  CHECK(recv(own[1], buffer, 10, MSG_WAITALL) == 10 && is_from(1, 10) && recv(own[1], buffer, 100, 0) == 2);
  struct iovec parts[2] = {{buffer, 4}, {buffer + 50, 50}};
  CHECK(readv(own[2], parts, 2) == 9 && is_from(2, 4) && buffer[54] == 'a' + 2);
  struct msghdr message = {.msg_name = &from, .msg_namelen = from_size, .msg_iov = parts, .msg_iovlen = 2};
  CHECK(recvmsg(own[3], &message, 0) == 9 && is_from(3, 4) && message.msg_namelen == 0 && message.msg_flags == 0);
  CHECK(recvfrom(own[4], buffer, 100, 0, (void*)&from, &from_size) == 9 && is_from(4, 9));
  CHECK(recv(own[5], buffer, 100, MSG_TRUNC) == 9 && recv(own[6], buffer, 3, MSG_DONTWAIT | MSG_NOSIGNAL) == 3);
  CHECK_ERRNO(recv(own[7], buffer, 1, MSG_OOB), EINVAL);
  CHECK(recv(own[6], buffer, 0, 0) == 0 && read(own[6], buffer, 100) == 6 && is_from(6, 6));
  for (int i = 1; i < 6; i++) CHECK_ERRNO(recv(own[i], buffer, 100, 0), EAGAIN);
  close_all();

  SECTION("a buffer that ends where there is no memory: nobody is told of it later");
  arrive(EPOLLIN, 9);
  CHECK(send(peer[1], "bb", 2, 0) == 2);
  struct iovec early[2] = {{buffer, 9}, {NULL, 50}};
  CHECK(readv(own[1], early, 2) == 9 || errno == EFAULT);
  from_size = sizeof number;
  CHECK(getsockopt(own[1], SOL_SOCKET, SO_ERROR, &number, &from_size) == 0 && number == 0);
  CHECK(read(own[1], buffer, 100) > 0 || errno == EAGAIN);
  from_size = sizeof from;
  close_all();

  SECTION("questions");
  arrive(EPOLLIN, 9);
  CHECK(ioctl(own[1], FIONREAD, &number) == 0 && number == 9 && ioctl(own[1], SIOCATMARK, &number) == 0 && number == 0);
  CHECK(read(own[1], buffer, 4) == 4 && ioctl(own[1], FIONREAD, &number) == 0 && number == 5);
  CHECK(send(peer[1], "bb", 2, 0) == 2 && ioctl(own[1], FIONREAD, &number) == 0 && number == 7);
  struct pollfd look[2] = {{own[1], POLLIN, 0}, {own[2], POLLIN | POLLRDNORM | POLLOUT, 0}};
  CHECK(poll(look, 1, -1) == 1 && look[0].revents == POLLIN);
  CHECK(poll(look, 2, -1) == 2 && look[1].revents == (POLLIN | POLLRDNORM | POLLOUT));
  fd_set set;
  FD_ZERO(&set);
  FD_SET(own[3], &set);
  FD_SET(own[0], &set);
  CHECK(select(1024, &set, NULL, NULL, NULL) == 1 && FD_ISSET(own[3], &set) && !FD_ISSET(own[0], &set));
  int other = epoll_create1(0), outer = epoll_create1(0);
  CHECK(control(other, EPOLL_CTL_ADD, own[4], EPOLLIN, 4) == 0 && epoll_wait(other, out, 1, -1) == 1);
  CHECK(control(outer, EPOLL_CTL_ADD, ep, EPOLLIN, 0) == 0 && epoll_wait(outer, out, 1, -1) == 1);
  look[0] = (struct pollfd){ep, POLLIN, 0};
  CHECK(poll(look, 1, -1) == 1);
  for (int i = 1; i < COUNT; i++) CHECK(read(own[i], buffer, 100) == (i == 1 ? 7 : 9) && is_from(i, 7));
  CHECK(poll(look, 1, 0) == 0 && epoll_wait(outer, out, 1, 0) == 0 && epoll_wait(other, out, 1, 0) == 0);
  close(other);
  close(outer);
  close_all();

  SECTION("several threads");
  arrive(EPOLLIN, 9);
  for (int i = 1; i < 5; i++) {
    CHECK(pthread_create(&thread, NULL, read_one, (void*)(intptr_t)own[i]) == 0 && pthread_join(thread, &result) == 0);
    CHECK((intptr_t)result == 9);
    CHECK_ERRNO(read(own[i], buffer, 100), EAGAIN);
  }
  CHECK(pthread_create(&thread, NULL, wait_elsewhere, NULL) == 0 && pthread_join(thread, &result) == 0);
  CHECK((intptr_t)result == COUNT - 5);
  for (int i = 5; i < COUNT; i++) CHECK(read(own[i], buffer, 100) == 9 && is_from(i, 9));
  say_all(4);
  CHECK(wait_now() == COUNT);
  for (int i = 0; i < COUNT; i++) CHECK(read(own[i], buffer, 100) == 4 && is_from(i, 4));
  close_all();

  SECTION("duplicates and flags");
  arrive(EPOLLIN, 9);
  int copy = dup(own[1]);
  CHECK(read(copy, buffer, 100) == 9 && is_from(1, 9));
  CHECK_ERRNO(read(own[1], buffer, 1), EAGAIN);
  close(copy);
  CHECK(fcntl(own[2], F_SETFL, 0) == 0 && read(own[2], buffer, 5) == 5 && read(own[2], buffer, 100) == 4);
  CHECK_ERRNO(read(own[3], (void*)8, 9), EFAULT);
  CHECK(setsockopt(own[4], SOL_SOCKET, SO_RCVLOWAT, &(int){4}, 4) == 0 && read(own[4], buffer, 100) == 9);
  CHECK(setsockopt(own[5], SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){1, 0}, sizeof(struct timeval)) == 0);
  CHECK(read(own[5], buffer, 100) == 9 && is_from(5, 9));
  close_all();

  SECTION("read of the rest must not wait");
  arrive(EPOLLIN, 5);
  CHECK(wait_now() == COUNT - 1 && fcntl(own[1], F_SETFL, 0) == 0 && read(own[1], buffer, 100) == 5);
  CHECK(ioctl(own[2], FIONREAD, &number) == 0 && number == 5 && fcntl(own[2], F_SETFL, 0) == 0);
  CHECK(read(own[2], buffer, 100) == 5);
  close_all();

  SECTION("moved to another thread and another epoll object");
  arrive(EPOLLIN, 5);
  int there = epoll_create1(0);
  say_all(5);
  REQUIRE(wait_now() == COUNT);
  int last = (int)out[COUNT - 1].data.u32;
  CHECK(control(ep, EPOLL_CTL_DEL, own[last], 0, 0) == 0 &&
        control(there, EPOLL_CTL_ADD, own[last], EPOLLIN, last) == 0);
  CHECK(read(own[out[0].data.u32], buffer, 100) > 0);
  ep = (close(ep), there);
  CHECK(pthread_create(&thread, NULL, wait_elsewhere, NULL) == 0 && pthread_join(thread, &result) == 0);
  CHECK((intptr_t)result == 1);
  close_all();

  SECTION("ends");
  arrive(EPOLLIN | EPOLLRDHUP, 9);
  CHECK(shutdown(own[1], SHUT_RD) == 0 && read(own[1], buffer, 100) == 9 && read(own[1], buffer, 100) == 0);
  CHECK(shutdown(peer[2], SHUT_WR) == 0 && read(own[2], buffer, 4) == 4 && read(own[2], buffer, 100) == 5 &&
        read(own[2], buffer, 100) == 0);
  struct linger at_once = {1, 0};
  CHECK(setsockopt(peer[3], SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0 && close(peer[3]) == 0);
  peer[3] = -1;
  CHECK(read(own[3], buffer, 100) == 9 && is_from(3, 9));
  CHECK_ERRNO(read(own[3], buffer, 100), ECONNRESET);
  CHECK(read(own[3], buffer, 100) == 0);
  CHECK(close(own[4]) == 0 && close(own[5]) == 0);  // with nine unread bytes
  CHECK_ERRNO(read(peer[4], buffer, 100), ECONNRESET);
  CHECK(read(peer[4], buffer, 100) == 0);
  own[4] = own[5] = -1;
  CHECK(read(own[6], buffer, 100) == 9 && close(own[6]) == 0 && read(peer[6], buffer, 100) == 0);
  own[6] = -1;
  close_all();

  SECTION("resets before the read");
  arrive(EPOLLIN, 9);
  for (int i = 1; i < COUNT; i++) CHECK(read(own[i], buffer, 100) == 9);
  say_all(9);
  CHECK(wait_now() == COUNT);
  for (int i = 4; i < 8; i++) {
    CHECK(setsockopt(peer[i], SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0 && close(peer[i]) == 0);
    peer[i] = -1;
  }
  for (int i = 0; i < COUNT; i++) CHECK(read(own[i], buffer, 100) == 9 && is_from(i, 9));
  for (int i = 4; i < 6; i++) CHECK_ERRNO(read(own[i], buffer, 100), ECONNRESET);
  CHECK(getsockopt(own[6], SOL_SOCKET, SO_ERROR, &number, &(socklen_t){4}) == 0 && number == ECONNRESET);
  CHECK(read(own[6], buffer, 100) == 0);
  close_all();

  SECTION("descriptors that mean another file by now");
  arrive(EPOLLIN, 9);
  for (int i = 0; i < COUNT; i++) CHECK(i == (int)out[0].data.u32 || read(own[i], buffer, 100) == 9);
  say_all(6);
  CHECK(wait_now() == COUNT);
  CHECK(dup2(own[second()], own[third()]) == own[third()]);
  CHECK(read(own[out[0].data.u32], buffer, 100) == 6 && read(own[third()], buffer, 100) == 6 && is_from(second(), 6));
  CHECK_ERRNO(read(own[second()], buffer, 100), EAGAIN);
  close_all();
  return check_done();
}
