// SPDX-License-Identifier: Apache-2.0
// AF_UNIX: named sockets, socketpairs of every type, descriptors passed to ourselves, credentials, end of file.
#include "check.h"
#include <sys/socket.h>
#include <sys/un.h>

static int send_fd(int socket, int fd) {
  char control[CMSG_SPACE(sizeof fd)] = {0};
  struct iovec piece = {"f", 1};
  struct msghdr message = {
      .msg_iov = &piece, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  struct cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET, header->cmsg_type = SCM_RIGHTS, header->cmsg_len = CMSG_LEN(sizeof fd);
  memcpy(CMSG_DATA(header), &fd, sizeof fd);
  return sendmsg(socket, &message, 0) == 1;
}
static int receive_fd(int socket) {
  char control[CMSG_SPACE(sizeof(int))], byte;
  struct iovec piece = {&byte, 1};
  struct msghdr message = {
      .msg_iov = &piece, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  if (recvmsg(socket, &message, 0) != 1) return -1;
  struct cmsghdr* header = CMSG_FIRSTHDR(&message);
  int fd = -1;
  if (header && header->cmsg_type == SCM_RIGHTS) memcpy(&fd, CMSG_DATA(header), sizeof fd);
  return fd;
}

int main(void) {
  signal(SIGPIPE, SIG_IGN);
  char b[100];
  int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET}, s[2];
  for (int i = 0; i < 3; i++) {
    SAY("socketpair type %d", types[i]);
    REQUIRE(socketpair(AF_UNIX, types[i], 0, s) == 0);
    CHECK(write(s[0], "ab", 2) == 2 && write(s[0], "cde", 3) == 3);
    CHECK(read(s[1], b, 100) == (types[i] == SOCK_STREAM ? 5 : 2));
    if (types[i] != SOCK_STREAM) CHECK(read(s[1], b, 1) == 1);
    CHECK(write(s[1], "back", 4) == 4 && read(s[0], b, 100) == 4);
    close(s[0]);
    if (types[i] != SOCK_DGRAM) {
      CHECK(read(s[1], b, 1) == 0);
      CHECK_ERRNO(write(s[1], "x", 1), EPIPE);
    }
    close(s[1]);
  }
  SECTION("passing a descriptor");
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
  int file = open("f", O_RDWR | O_CREAT, 0600);
  CHECK(write(file, "through", 7) == 7 && send_fd(s[0], file));
  int got = receive_fd(s[1]);
  CHECK(got >= 0 && got != file && pread(got, b, 100, 0) == 7 && memcmp(b, "through", 7) == 0);
  SECTION("passing a pipe");
  int pipes[2];
  REQUIRE(pipe(pipes) == 0);
  CHECK(send_fd(s[0], pipes[1]) && (got = receive_fd(s[1])) >= 0 && close(pipes[1]) == 0);
  CHECK(write(got, "p", 1) == 1 && read(pipes[0], b, 1) == 1 && close(got) == 0 && read(pipes[0], b, 1) == 0);
  SECTION("named");
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
  int listener = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);
  CHECK(bind(listener, (struct sockaddr*)&address, sizeof address) == 0 && listen(listener, 5) == 0);
  struct stat st;
  CHECK(stat("socket", &st) == 0 && S_ISSOCK(st.st_mode));
  CHECK(connect(client, (struct sockaddr*)&address, sizeof address) == 0);
  int server = accept(listener, NULL, NULL);
  CHECK(server >= 0 && write(client, "named", 5) == 5 && read(server, b, 100) == 5);
  struct sockaddr_un name;
  socklen_t length = sizeof name;
  CHECK(getpeername(client, (struct sockaddr*)&name, &length) == 0 && strcmp(name.sun_path, "socket") == 0);
  SECTION("credentials");
  struct ucred credentials;
  length = sizeof credentials;
  CHECK(getsockopt(client, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0 && credentials.pid == getpid());
  SECTION("errors");
  CHECK_ERRNO(bind(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr*)&address, sizeof address), EADDRINUSE);
  CHECK(unlink("socket") == 0);
  CHECK_ERRNO(connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr*)&address, sizeof address), ENOENT);
  SECTION("abstract");
  struct sockaddr_un abstract = {.sun_family = AF_UNIX};
  snprintf(abstract.sun_path + 1, 90, "cloister-test-%d-%ld", getpid(), (long)time(NULL));
  length = (socklen_t)(sizeof(sa_family_t) + 1 + strlen(abstract.sun_path + 1));
  listener = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);
  CHECK(bind(listener, (struct sockaddr*)&abstract, length) == 0 && listen(listener, 5) == 0 &&
        connect(client, (struct sockaddr*)&abstract, length) == 0);
  return check_done();
}
