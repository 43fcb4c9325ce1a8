// SPDX-License-Identifier: Apache-2.0
// A connection that is closed while another thread receives from it ends for its peer as soon as that thread has got
// something, whatever the threads of the program do then.
#include <netinet/in.h>
#include <sys/socket.h>
#include "check.h"

static int server;
static pthread_mutex_t forever = PTHREAD_MUTEX_INITIALIZER;

static void* receive_once(void* unused) {
  char byte;
  CHECK(recv(server, &byte, 1, 0) == 1);
  pthread_mutex_lock(&forever);
  return unused;
}

int main(void) {
  SECTION("closed while a thread receives");
  const int listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  REQUIRE(bind(listener, (struct sockaddr*)&address, size) == 0 && listen(listener, 1) == 0);
  REQUIRE(getsockname(listener, (struct sockaddr*)&address, &size) == 0);
  REQUIRE(connect(client, (struct sockaddr*)&address, size) == 0 && (server = accept(listener, NULL, NULL)) >= 0);
  const struct timeval patience = {.tv_sec = 10};
  REQUIRE(setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0);
  pthread_mutex_lock(&forever);
  pthread_t reader;
  REQUIRE(pthread_create(&reader, NULL, receive_once, NULL) == 0);
  usleep(200000);
  CHECK(close(server) == 0 && send(client, "x", 1, 0) == 1);
  char byte;
  CHECK(recv(client, &byte, 1, 0) == 0);
  pthread_mutex_unlock(&forever);
  pthread_join(reader, NULL);
  return check_done();
}
