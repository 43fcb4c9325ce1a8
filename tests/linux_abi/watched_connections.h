// SPDX-License-Identifier: Apache-2.0
// A server's connections, watched by epoll, and their peers in the same program. Define COUNT before.
#pragma once
#include "check.h"
#include <arpa/inet.h>
#include <sys/epoll.h>
#include <sys/socket.h>

static int ep, peer[COUNT], own[COUNT];
static char buffer[1 << 17];

static int control(int epoll, int operation, int fd, uint32_t events, int i) {
  struct epoll_event e = {.events = events, .data.u32 = (uint32_t)i};
  return epoll_ctl(epoll, operation, fd, &e);
}

static void connect_all(uint32_t events) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  ep = epoll_create1(EPOLL_CLOEXEC);
  REQUIRE(ep >= 0 && bind(listener, (void*)&address, size) == 0 && listen(listener, COUNT) == 0 &&
          getsockname(listener, (void*)&address, &size) == 0);
  for (int i = 0; i < COUNT; i++) {
    peer[i] = socket(AF_INET, SOCK_STREAM, 0);
    REQUIRE(connect(peer[i], (void*)&address, size) == 0);
    own[i] = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    REQUIRE(own[i] >= 0 && control(ep, EPOLL_CTL_ADD, own[i], events, i) == 0);
  }
  close(listener);
}

static void close_all(void) {
  for (int i = 0; i < COUNT; i++) {
    if (peer[i] >= 0) close(peer[i]);
    if (own[i] >= 0) close(own[i]);
  }
  close(ep);
}
