// SPDX-License-Identifier: Apache-2.0
// Talks to itself through the host's sockets, with epoll, poll and messages, and prints only what it has sent itself.
// Any error that a call gives it ends it with status 3 and one line.
#define _GNU_SOURCE
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static void need(int condition, const char* what) {
  if (condition) return;
  printf("error: %s\n", what);
  exit(3);
}

int main(void) {
  alarm(20);
  int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  need(listener >= 0, "socket");
  need(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0, "setsockopt");
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t size = sizeof address;
  need(bind(listener, (struct sockaddr*)&address, size) == 0 && listen(listener, 5) == 0, "listen");
  need(getsockname(listener, (struct sockaddr*)&address, &size) == 0 && size == sizeof address, "getsockname");
  int client = socket(AF_INET, SOCK_STREAM, 0);
  need(client >= 0 && connect(client, (struct sockaddr*)&address, size) == 0, "connect");
  struct sockaddr_in peer;
  size = sizeof peer;
  int server = accept(listener, (struct sockaddr*)&peer, &size);
  need(server >= 0 && size == sizeof peer, "accept");
  need(getpeername(client, (struct sockaddr*)&peer, &size) == 0, "getpeername");
  int value = 0;
  size = sizeof value;
  need(getsockopt(client, SOL_SOCKET, SO_ERROR, &value, &size) == 0 && value == 0, "getsockopt");
  need(setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) == 0, "nodelay");

  int group = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data = {.u64 = 0x1234567890}};
  need(group >= 0 && epoll_ctl(group, EPOLL_CTL_ADD, server, &event) == 0, "epoll_ctl");
  need(send(client, "ping", 4, 0) == 4, "send");
  struct epoll_event events[4];
  int count = epoll_wait(group, events, 4, 5000);
  need(count == 1 && events[0].data.u64 == 0x1234567890 && (events[0].events & EPOLLIN) != 0, "epoll_wait");
  char buffer[64];
  need(recv(server, buffer, sizeof buffer, 0) == 4 && memcmp(buffer, "ping", 4) == 0, "recv");
  need(write(server, "pong-pong", 9) == 9, "write");
  struct pollfd ready = {.fd = client, .events = POLLIN};
  need(poll(&ready, 1, 5000) == 1 && (ready.revents & POLLIN) != 0, "poll");
  int pending = 0;
  need(ioctl(client, FIONREAD, &pending) == 0, "FIONREAD");
  need(read(client, buffer, 4) == 4 && read(client, buffer + 4, 5) == 5 && memcmp(buffer, "pong-pong", 9) == 0, "read");

  // Two that are readable at once: the second is received from in the exit that reads the first.
  int clients[2] = {client, socket(AF_INET, SOCK_STREAM, 0)};
  size = sizeof peer;
  need(clients[1] >= 0 && connect(clients[1], (struct sockaddr*)&address, sizeof address) == 0, "second connect");
  int servers[2] = {server, accept4(listener, (struct sockaddr*)&peer, &size, SOCK_NONBLOCK)};
  need(servers[1] >= 0 && fcntl(server, F_SETFL, O_NONBLOCK) == 0, "second accept");
  event.data.u64 = 0x9876543210;
  need(epoll_ctl(group, EPOLL_CTL_ADD, servers[1], &event) == 0, "second epoll_ctl");
  need(send(clients[1], "ping", 4, 0) == 4 && epoll_wait(group, events, 4, 5000) == 1, "second ping");
  need(read(servers[1], buffer, sizeof buffer) == 4, "second read");
  for (int i = 0; i < 2; i++)
    need(send(clients[i], i == 0 ? "to the first" : "to second", i == 0 ? 12 : 9, 0) > 0, "send two");
  need(epoll_wait(group, events, 4, 5000) == 2, "epoll_wait for two");
  for (int i = 0; i < 2; i++) {
    int from = events[i].data.u64 == 0x9876543210;
    ssize_t got = read(servers[from], buffer, sizeof buffer);
    need(got == (from == 0 ? 12 : 9) && memcmp(buffer, from == 0 ? "to the first" : "to second", (size_t)got) == 0,
         "read two");
  }

  // What they answer waits for the next exit, once each has written a little.
  for (int round = 0; round < 4; round++) {
    for (int i = 0; i < 2; i++) need(write(servers[i], "answer", 6) == 6, "answer");
    need(epoll_wait(group, events, 4, 0) >= 0, "epoll_wait after the answers");
    for (int i = 0; i < 2; i++)
      need(recv(clients[i], buffer, 6, MSG_WAITALL) == 6 && memcmp(buffer, "answer", 6) == 0, "hear the answer");
  }

  int datagrams = socket(AF_INET, SOCK_DGRAM, 0);
  struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  size = sizeof here;
  need(datagrams >= 0 && bind(datagrams, (struct sockaddr*)&here, size) == 0, "bind");
  need(getsockname(datagrams, (struct sockaddr*)&here, &size) == 0, "getsockname");
  struct iovec parts[2] = {{(void*)"first ", 6}, {(void*)"second", 6}};
  struct msghdr message = {.msg_name = &here, .msg_namelen = size, .msg_iov = parts, .msg_iovlen = 2};
  need(sendmsg(datagrams, &message, 0) == 12, "sendmsg");
  char control[128];
  struct iovec into = {buffer, sizeof buffer};
  struct msghdr got = {.msg_name = &peer,
                       .msg_namelen = sizeof peer,
                       .msg_iov = &into,
                       .msg_iovlen = 1,
                       .msg_control = control,
                       .msg_controllen = sizeof control};
  need(recvmsg(datagrams, &got, 0) == 12 && memcmp(buffer, "first second", 12) == 0, "recvmsg");
  need(shutdown(client, SHUT_RDWR) == 0, "shutdown");
  close(client), close(server), close(clients[1]), close(servers[1]), close(listener), close(group), close(datagrams);
  puts("done");
  return fflush(stdout) == 0 ? 0 : 3;
}
