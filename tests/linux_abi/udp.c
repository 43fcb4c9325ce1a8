// SPDX-License-Identifier: Apache-2.0
// UDP: message boundaries, truncation, addresses, connected sockets, many messages in one call.
#include "check.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

static int bound(struct sockaddr_in* address) {
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  memset(address, 0, sizeof *address);
  address->sin_family = AF_INET;
  address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof *address;
  REQUIRE(bind(fd, (struct sockaddr*)address, length) == 0 && getsockname(fd, (struct sockaddr*)address, &length) == 0);
  return fd;
}

int main(void) {
  struct sockaddr_in a_address, b_address, from;
  int a = bound(&a_address), b = bound(&b_address);
  char text[3000];
  socklen_t length = sizeof from;
  SECTION("boundaries");
  CHECK(sendto(a, "first", 5, 0, (struct sockaddr*)&b_address, sizeof b_address) == 5);
  CHECK(sendto(a, "second!", 7, 0, (struct sockaddr*)&b_address, sizeof b_address) == 7);
  CHECK(sendto(a, "", 0, 0, (struct sockaddr*)&b_address, sizeof b_address) == 0);
  CHECK(recvfrom(b, text, 100, 0, (struct sockaddr*)&from, &length) == 5 && from.sin_port == a_address.sin_port &&
        length == sizeof from);
  CHECK(recv(b, text, 3, MSG_TRUNC) == 7 && memcmp(text, "sec", 3) == 0 && recv(b, text, 100, 0) == 0);
  CHECK_ERRNO(recv(b, text, 100, MSG_DONTWAIT), EAGAIN);
  SECTION("truncation flag");
  CHECK(sendto(a, "0123456789", 10, 0, (struct sockaddr*)&b_address, sizeof b_address) == 10);
  struct iovec piece = {text, 4};
  struct msghdr message = {.msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &piece, .msg_iovlen = 1};
  CHECK(recvmsg(b, &message, 0) == 4 && (message.msg_flags & MSG_TRUNC) && message.msg_namelen == sizeof from);
  SECTION("connected");
  CHECK(connect(a, (struct sockaddr*)&b_address, sizeof b_address) == 0 && send(a, "x", 1, 0) == 1 &&
        recv(b, text, 10, 0) == 1);
  SECTION("many");
  struct iovec pieces[4] = {{"a", 1}, {"bb", 2}, {"ccc", 3}, {"dddd", 4}};
  struct mmsghdr many[4];
  memset(many, 0, sizeof many);
  for (int i = 0; i < 4; i++) many[i].msg_hdr.msg_iov = &pieces[i], many[i].msg_hdr.msg_iovlen = 1;
  CHECK(sendmmsg(a, many, 4, 0) == 4 && many[3].msg_len == 4);
  struct iovec in[4];
  for (int i = 0; i < 4; i++) in[i].iov_base = text + i * 100, in[i].iov_len = 100, many[i].msg_hdr.msg_iov = &in[i];
  CHECK(recvmmsg(b, many, 4, MSG_WAITFORONE, NULL) == 4);
  for (int i = 0; i < 4; i++) CHECK(many[i].msg_len == (unsigned)i + 1);
  SECTION("too long");
  static char huge[70000];
  CHECK_ERRNO(send(a, huge, sizeof huge, 0), EMSGSIZE);
  return check_done();
}
