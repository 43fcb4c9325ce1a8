// SPDX-License-Identifier: Apache-2.0
// Serves a file of the host's to itself with sendfile, as servers do, and prints only what it has heard rightly. Any
// error that a call gives it, and any byte that is another, ends it with status 3 and one line.
#define _GNU_SOURCE
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

enum { kPage = 1000, kLarge = 40000 };
static char page[kLarge], heard[kLarge];

static void need(int condition, const char* what) {
  if (condition) return;
  printf("error: %s\n", what);
  exit(3);
}
static void hear(int client, const char* expected, size_t size, const char* what) {
  need(recv(client, heard, size, MSG_WAITALL) == (ssize_t)size && memcmp(heard, expected, size) == 0, what);
}

int main(void) {
  alarm(20);
  for (int i = 0; i < kLarge; i++) page[i] = (char)(i * 5 >> 3);
  const int file = open("page", O_RDWR | O_CREAT | O_TRUNC, 0600);
  need(file >= 0 && write(file, page, kLarge) == kLarge, "page");
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t size = sizeof address;
  const int listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
  need(listener >= 0 && client >= 0 && bind(listener, (void*)&address, size) == 0 && listen(listener, 5) == 0 &&
           getsockname(listener, (void*)&address, &size) == 0 && connect(client, (void*)&address, size) == 0,
       "sockets");
  const int server = accept4(listener, NULL, NULL, SOCK_NONBLOCK), group = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN | EPOLLET};
  need(server >= 0 && group >= 0 && epoll_ctl(group, EPOLL_CTL_ADD, server, &event) == 0, "epoll_ctl");
  for (int round = 0; round < 5; round++) {
    off_t offset = 100 * round;
    need(write(server, "header", 6) == 6, "header");
    need(sendfile(server, file, &offset, kPage) == kPage && offset == 100 * round + kPage, "sendfile of a page");
    need(epoll_wait(group, &event, 1, 0) >= 0, "epoll_wait");
    hear(client, "header", 6, "hear the header");
    hear(client, page + 100 * round, kPage, "hear the page");
  }
  // Small files that are read straight after they are opened: soon in the exit that opens them.
  const int small = open("small", O_RDWR | O_CREAT | O_TRUNC, 0600);
  need(small >= 0 && write(small, page, kPage) == kPage, "small file");
  for (int round = 0; round < 5; round++) {
    const int opened = open("small", O_RDONLY);
    off_t offset = 0;
    need(opened >= 0 && pread(opened, heard, kPage, 0) == kPage && memcmp(heard, page, kPage) == 0, "pread");
    need(write(server, "header", 6) == 6, "header");
    need(sendfile(server, opened, &offset, kPage) == kPage && offset == kPage && close(opened) == 0, "sendfile");
    need(epoll_wait(group, &event, 1, 0) >= 0, "epoll_wait");
    hear(client, "header", 6, "hear the header");
    hear(client, page, kPage, "hear the small file");
  }
  off_t offset = 0;
  need(sendfile(server, file, &offset, kLarge) == kLarge && offset == kLarge, "sendfile of all");
  hear(client, page, kLarge, "hear all");
  need(lseek(file, 7, SEEK_SET) == 7 && sendfile(server, file, NULL, kPage) == kPage &&
           lseek(file, 0, SEEK_CUR) == 7 + kPage,
       "sendfile at the file's own place");
  hear(client, page + 7, kPage, "hear from the file's own place");
  need(shutdown(server, SHUT_RDWR) == 0, "shutdown");
  close(client), close(server), close(listener), close(group), close(file);
  puts("done");
  return fflush(stdout) == 0 ? 0 : 3;
}
