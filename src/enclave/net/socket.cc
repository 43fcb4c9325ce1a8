// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/net/socket.h"

namespace cloister::net {

Result<std::size_t> Socket::read(Task& task, const IoVector& to) {
  if (to.size() == 0) return std::size_t{0};  // nothing is waited for or taken
  IncomingMessage message{.data = to, .source = {}, .control = {}};
  return receive(task, message);
}

Result<std::size_t> Socket::write(Task& task, const IoVector& from) {
  const int flags = socket_kind_.type == SOCK_SEQPACKET ? MSG_EOR : 0;
  return send(task, {.destination = {}, .data = from, .control = {}, .flags = flags});
}

Result<struct stat> Socket::status() {
  struct stat status = {};
  status.st_mode = S_IFSOCK | 0777;
  status.st_nlink = 1;
  status.st_blksize = 4096;
  status.st_ino = reinterpret_cast<std::uintptr_t>(this) >> 4;
  return status;
}
}  // namespace cloister::net
