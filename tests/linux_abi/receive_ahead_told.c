// SPDX-License-Identifier: Apache-2.0
// What epoll must tell of although the enclave may have received it ahead: sockets whose descriptors, epoll objects or
// send buffers change between the report and the read, and errors behind the last bytes.
#define COUNT 4
#include "watched_connections.h"
#include <sys/uio.h>

static struct epoll_event out[COUNT * 2];

static int wait_for(int milliseconds) { return epoll_wait(ep, out, COUNT * 2, milliseconds); }
static uint32_t told_of(int count, uint32_t data) {
  for (int k = 0; k < count; k++)
    if (out[k].data.u32 == data) return out[k].events;
  return 0;
}

// Everyone has been read from once.
static void begin(uint32_t events) {
  connect_all(events);
  for (int i = 0; i < COUNT; i++) REQUIRE(send(peer[i], "xyz", 3, 0) == 3);
  for (int told = 0; told < COUNT;) told += wait_for(1000);
  for (int i = 0; i < COUNT; i++) CHECK(read(own[i], buffer, 100) == 3);
}
// The first three have five bytes each, and were told of.
static void arrive(uint32_t events) {
  begin(events);
  for (int i = 0; i < 3; i++) REQUIRE(send(peer[i], "hello", 5, 0) == 5);
  REQUIRE(wait_for(1000) == 3);
}
static void reset(int i) {
  const struct linger at_once = {1, 0};
  CHECK(setsockopt(peer[i], SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0 && close(peer[i]) == 0);
  peer[i] = -1;
}

static void another_number(void) {
  SECTION("the number of a registered descriptor is another connection's by now");
  begin(EPOLLIN | EPOLLET);
  int number = own[2];
  own[2] = dup(number);
  CHECK(dup2(own[3], number) == number);
  for (int i = 0; i < 3; i++) REQUIRE(send(peer[i], "hello", 5, 0) == 5);
  REQUIRE(wait_for(1000) == 3);
  CHECK(send(peer[3], "later", 5, 0) == 5);
  for (int i = 0; i < 3; i++) CHECK(read(own[i], buffer, 100) == 5);
  CHECK(wait_for(1000) == 1 && told_of(1, 3) == EPOLLIN && read(own[3], buffer, 100) == 5);
  CHECK(close(number) == 0);
  close_all();
}

static void* wait_there(void* unused) {
  (void)unused;
  return (void*)(intptr_t)wait_for(1000);
}
static void another_object(uint32_t events) {
  SECTION("members of an epoll object that was closed, in another");
  arrive(events);
  CHECK(close(ep) == 0 && (ep = epoll_create1(0)) >= 0);
  for (int i = 0; i < COUNT; i++) CHECK(control(ep, EPOLL_CTL_ADD, own[i], events, i) == 0);
  CHECK(read(own[0], buffer, 100) == 5);
  CHECK(wait_for(1000) == 2 && told_of(2, 1) == EPOLLIN && told_of(2, 2) == EPOLLIN);
  close_all();

  arrive(events);
  CHECK(close(ep) == 0 && (ep = epoll_create1(0)) >= 0);
  for (int i = 2; i < COUNT; i++) CHECK(control(ep, EPOLL_CTL_ADD, own[i], events, i) == 0);
  CHECK(read(own[0], buffer, 100) == 5);
  pthread_t thread;
  void* told;
  CHECK(pthread_create(&thread, NULL, wait_there, NULL) == 0 && pthread_join(thread, &told) == 0);
  CHECK((intptr_t)told == 1 && told_of(1, 2) == EPOLLIN);
  close_all();
}

static void room_again(void) {
  SECTION("by edge, room in the send buffer tells of what there is to read");
  begin(EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
  static char much[1 << 16];
  for (int quiet = 0; quiet < 10;) {
    const struct timespec moment = {0, 5000000};
    quiet++;
    while (send(own[1], much, sizeof much, 0) > 0) quiet = 0;
    nanosleep(&moment, NULL);
  }
  while (wait_for(0) > 0) continue;
  for (int i = 0; i < 3; i++) REQUIRE(send(peer[i], "hello", 5, 0) == 5);
  for (int told = 0; told < 3;) told += wait_for(1000);
  CHECK(read(own[0], buffer, 100) == 5);
  uint32_t events = 0;
  for (int rounds = 0; rounds < 1000 && events == 0; rounds++) {
    while (recv(peer[1], buffer, sizeof buffer, MSG_DONTWAIT) > 0) continue;
    events = told_of(wait_for(5), 1);
  }
  CHECK(events == (EPOLLIN | EPOLLOUT) && read(own[1], buffer, 100) == 5);
  close_all();
}

static void error_behind_bytes(uint32_t events) {
  SECTION("bytes, and then the error");
  arrive(events);
  CHECK(read(own[0], buffer, 100) == 5);
  reset(1);
  reset(2);
  for (int told = 0; told != 6;)
    for (int count = wait_for(1000), k = 0; k < count; k++)
      if (out[k].events & EPOLLHUP) told |= 1 << out[k].data.u32;
  struct iovec parts[2] = {{buffer, 50}, {buffer + 50, 50}};
  CHECK(read(own[1], buffer, 100) == 5 && readv(own[2], parts, 2) == 5);
  for (int i = 1; i < 3; i++) {
    CHECK_ERRNO(read(own[i], buffer, 100), ECONNRESET);
    CHECK(read(own[i], buffer, 100) == 0);
  }
  close_all();
}

// Nothing behind what fills the area in which the enclave receives ahead is lost, nor its end.
static void full_areas(void) {
  SECTION("by edge, all sizes around 8 KiB, read until there is less than asked for");
  static char text[3 << 13];
  for (int size = 8190; size <= 8194; size++) {
    begin(EPOLLIN | EPOLLRDHUP | EPOLLET);
    for (int i = 0; i < COUNT; i++)
      REQUIRE(send(peer[i], text, (size_t)size, 0) == size && shutdown(peer[i], SHUT_WR) == 0);
    int got[COUNT] = {0}, ended = 0;
    while (ended != (1 << COUNT) - 1) {
      int count = wait_for(1000);
      REQUIRE(count > 0);
      for (int k = 0; k < count; k++) {
        const int i = (int)out[k].data.u32;
        long part;
        while ((part = read(own[i], buffer, 16384)) > 0) got[i] += (int)part;
        if (part == 0) ended |= 1 << i;
      }
    }
    for (int i = 0; i < COUNT; i++) CHECK(got[i] == size);
    close_all();
  }
}

int main(void) {
  signal(SIGPIPE, SIG_IGN);
  another_number();
  another_object(EPOLLIN | EPOLLET);
  another_object(EPOLLIN);
  room_again();
  error_behind_bytes(EPOLLIN | EPOLLET);
  error_behind_bytes(EPOLLIN);
  full_areas();
  return check_done();
}
