// SPDX-License-Identifier: Apache-2.0
// getsockname, getpeername, setsockopt, getsockopt.
#include <algorithm>
#include <array>
#include "src/enclave/syscalls/net_handlers.h"
#include "src/enclave/syscalls/socket_files.h"

namespace cloister::syscalls {
namespace {
constexpr std::int32_t kMaxOptionSize = 256;
}

SysResult sys_getsockname(Task& task, int descriptor, ProgramAddress address, ProgramAddress size) {
  const SocketRef socket = TRY(find_socket(task, descriptor));
  TRY(net::store_address(TRY(socket->local_address()), address, size));
  return 0;
}

SysResult sys_getpeername(Task& task, int descriptor, ProgramAddress address, ProgramAddress size) {
  const SocketRef socket = TRY(find_socket(task, descriptor));
  TRY(net::store_address(TRY(socket->peer_address()), address, size));
  return 0;
}

SysResult sys_setsockopt(Task& task, int descriptor, int level, int name, ProgramAddress value, std::int32_t size) {
  const SocketRef socket = TRY(find_socket(task, descriptor));
  if (size < 0) return Error::from_errno(EINVAL);
  std::array<std::uint8_t, kMaxOptionSize> bytes;
  const auto used = static_cast<std::size_t>(std::min(size, kMaxOptionSize));
  if (used > 0) TRY(value.read(bytes.data(), used));
  TRY(socket->set_option(level, name, std::span(bytes).first(used)));
  return 0;
}

// S-11: what is written and the size that is reported are those of the value that we hold.
SysResult sys_getsockopt(Task& task, int descriptor, int level, int name, ProgramAddress value, ProgramAddress size) {
  const SocketRef socket = TRY(find_socket(task, descriptor));
  const auto offered = TRY(size.load<std::int32_t>());
  if (offered < 0) return Error::from_errno(EINVAL);
  const auto bytes = TRY(socket->option(task, level, name, static_cast<std::size_t>(offered)));
  if (!bytes.empty()) TRY(value.write(bytes.data(), bytes.size()));
  TRY(size.store(static_cast<std::int32_t>(bytes.size())));
  return 0;
}
}  // namespace cloister::syscalls
