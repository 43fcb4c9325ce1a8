// SPDX-License-Identifier: Apache-2.0
// Load for a server on loopback: connections that stay open, one request outstanding on each, answers checked for their
// length. Prints requests a second.
//   request_loop http PORT CONNECTIONS REQUESTS PATH BODY_SIZE
//   request_loop memcached PORT CONNECTIONS REQUESTS PERCENT_GETS VALUE_SIZE KEYS
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { kMostConnections = 1024, kBuffer = 64 << 10 };
struct Connection {
  int socket;
  size_t expected, got;  // bytes of the answer; 0: the length is in its header
  char head[4096];
};
static struct Connection connections[kMostConnections];
static int is_http, percent_gets;
static size_t body_size, keys;
static char request[1024], value[16 << 10], buffer[kBuffer];
static unsigned long sent_total;

static void fail(const char* what) {
  perror(what);
  exit(1);
}

static int open_connection(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || connect(fd, (struct sockaddr*)&address, sizeof address) != 0) fail("connect");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

static size_t decimal_digits(size_t number) {
  size_t digits = 1;
  while (number >= 10) number /= 10, digits++;
  return digits;
}

static void send_all(int fd, const char* data, size_t size) {
  while (size > 0) {
    const ssize_t part = write(fd, data, size);
    if (part <= 0) fail("write");
    data += part;
    size -= (size_t)part;
  }
}

static void send_set(struct Connection* connection, size_t key) {
  char text[sizeof value + 128];
  int size = snprintf(text, sizeof text, "set key%zu 0 0 %zu\r\n", key, body_size);
  memcpy(text + size, value, body_size);
  memcpy(text + size + body_size, "\r\n", 2);
  connection->expected = strlen("STORED\r\n");
  send_all(connection->socket, text, (size_t)size + body_size + 2);
}

static void send_next(struct Connection* connection) {
  connection->got = 0;
  const size_t number = sent_total++;
  if (is_http) {
    connection->expected = 0;
    send_all(connection->socket, request, strlen(request));
    return;
  }
  const size_t key = number * 7919 % keys;
  if ((int)(number % 100) >= percent_gets) {
    send_set(connection, key);
    return;
  }
  const int size = snprintf(request, sizeof request, "get key%zu\r\n", key);
  connection->expected =
      strlen("VALUE key 0 ") + decimal_digits(key) + decimal_digits(body_size) + 2 + body_size + 2 + strlen("END\r\n");
  send_all(connection->socket, request, (size_t)size);
}

// 1 when the whole answer is there.
static int receive(struct Connection* connection) {
  const ssize_t part = read(connection->socket, buffer, sizeof buffer);
  if (part <= 0) fail("read");
  if (connection->expected == 0) {
    const size_t room = sizeof connection->head - 1 - connection->got;
    const size_t kept = (size_t)part < room ? (size_t)part : room;
    memcpy(connection->head + connection->got, buffer, kept);
    connection->head[connection->got + kept] = '\0';
    const char* const end = strstr(connection->head, "\r\n\r\n");
    if (end != NULL) {
      if (strncmp(connection->head, "HTTP/1.1 200", 12) != 0) {
        fprintf(stderr, "%.60s\n", connection->head);
        exit(1);
      }
      connection->expected = (size_t)(end + 4 - connection->head) + body_size;
    }
  }
  connection->got += (size_t)part;
  if (connection->expected != 0 && connection->got > connection->expected) {
    fprintf(stderr, "%zu bytes instead of %zu\n", connection->got, connection->expected);
    exit(1);
  }
  return connection->got == connection->expected;
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

int main(int argc, char** argv) {
  if (argc < 7) return fprintf(stderr, "see the head of request_loop.c\n"), 2;
  is_http = strcmp(argv[1], "http") == 0;
  const int port = atoi(argv[2]), count = atoi(argv[3]);
  const unsigned long wanted = strtoul(argv[4], NULL, 10);
  body_size = strtoul(argv[6], NULL, 10);
  if (count < 1 || count > kMostConnections || body_size > sizeof value) return 2;
  memset(value, 'v', sizeof value);
  for (int i = 0; i < count; i++) connections[i].socket = open_connection(port);
  if (is_http) {
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", argv[5]);
  } else {
    percent_gets = atoi(argv[5]);
    keys = argc > 7 ? strtoul(argv[7], NULL, 10) : 1;
    for (size_t key = 0; key < keys; key++) {
      connections[0].got = 0;
      send_set(&connections[0], key);
      while (!receive(&connections[0])) {
      }
    }
  }
  const int epoll = epoll_create1(0);
  for (int i = 0; i < count; i++) {
    struct epoll_event event = {EPOLLIN, {.ptr = &connections[i]}};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, connections[i].socket, &event) != 0) fail("epoll_ctl");
  }
  const double began = now();
  unsigned long done = 0;
  for (int i = 0; i < count; i++) send_next(&connections[i]);
  while (done < wanted) {
    struct epoll_event events[64];
    const int ready = epoll_wait(epoll, events, 64, 30000);
    if (ready <= 0) fail("epoll_wait");
    for (int i = 0; i < ready; i++) {
      struct Connection* const connection = events[i].data.ptr;
      if (!receive(connection)) continue;
      ++done;
      send_next(connection);
    }
  }
  printf("%.1f\n", (double)done / (now() - began));
  return 0;
}
