// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/ipc/local_rights.h"
#include <sys/socket.h>
#include <algorithm>
#include <cstring>
#include "src/enclave/kernel/task.h"

namespace cloister::ipc {
namespace {
constexpr std::size_t kMaxFiles = 253;  // SCM_MAX_FD

std::size_t aligned(std::size_t size) { return (size + 7) & ~std::size_t{7}; }

Result<void> add_files(kernel::Task& task, const std::uint8_t* numbers, std::size_t size,
                       std::vector<vfs::FileRef>& files) {
  for (std::size_t at = 0; at + sizeof(std::int32_t) <= size; at += sizeof(std::int32_t)) {
    std::int32_t number;
    std::memcpy(&number, numbers + at, sizeof number);
    if (files.size() == kMaxFiles) return Error::from_errno(EINVAL);
    files.push_back(TRY(task.process.descriptors.get(number)));
  }
  return {};
}

Result<void> check_credentials(kernel::Task& task, const std::uint8_t* data, std::size_t size) {
  ucred claimed;
  if (size != sizeof claimed) return Error::from_errno(EINVAL);
  std::memcpy(&claimed, data, sizeof claimed);
  const std::lock_guard guard(task.process.mutex);
  const kernel::Credentials& own = task.process.credentials;
  const bool is_own = claimed.pid == static_cast<pid_t>(task.process.pid) &&
                      (claimed.uid == own.uid || claimed.uid == own.euid) &&
                      (claimed.gid == own.gid || claimed.gid == own.egid);
  return is_own ? Result<void>() : Error::from_errno(EPERM);
}

// Room for the data of one more header; 0: not even the header fits.
std::size_t room_for_data(const net::IncomingMessage& message) {
  const std::size_t used = message.control.size() + sizeof(cmsghdr);
  return message.control_capacity > used ? message.control_capacity - used : 0;
}

void append(net::IncomingMessage& message, int type, const void* data, std::size_t size) {
  const cmsghdr header{sizeof(cmsghdr) + size, SOL_SOCKET, type};
  const std::size_t start = message.control.size();
  const std::size_t end = std::min(start + aligned(header.cmsg_len), message.control_capacity);
  message.control.resize(end);
  std::memcpy(message.control.data() + start, &header, sizeof header);
  std::memcpy(message.control.data() + start + sizeof header, data, size);
}
}  // namespace

Result<std::vector<vfs::FileRef>> files_of_control(kernel::Task& task, const std::vector<std::uint8_t>& control) {
  std::vector<vfs::FileRef> files;
  for (std::size_t at = 0; at + sizeof(cmsghdr) <= control.size();) {
    cmsghdr header;
    std::memcpy(&header, control.data() + at, sizeof header);
    if (header.cmsg_len < sizeof header || header.cmsg_len > control.size() - at) return Error::from_errno(EINVAL);
    const std::uint8_t* const data = control.data() + at + sizeof header;
    const std::size_t size = header.cmsg_len - sizeof header;
    if (header.cmsg_level != SOL_SOCKET) return Error::from_errno(EINVAL);
    if (header.cmsg_type == SCM_RIGHTS)
      TRY(add_files(task, data, size, files));
    else if (header.cmsg_type == SCM_CREDENTIALS)
      TRY(check_credentials(task, data, size));
    else
      return Error::from_errno(EINVAL);
    at += aligned(header.cmsg_len);
  }
  return files;
}

void add_rights(kernel::Task& task, std::vector<vfs::FileRef> files, net::IncomingMessage& message) {
  if (files.empty()) return;
  const std::size_t room = room_for_data(message) / sizeof(std::int32_t);
  const auto close_on_exec =
      (message.flags & MSG_CMSG_CLOEXEC) != 0 ? kernel::CloseOnExec::yes : kernel::CloseOnExec::no;
  std::vector<std::int32_t> numbers;
  for (vfs::FileRef& file : files) {
    if (numbers.size() == room) break;
    const auto number = task.process.descriptors.install(std::move(file), close_on_exec);
    if (!number.ok()) break;
    numbers.push_back(number.value());
  }
  if (numbers.size() < files.size()) message.result_flags |= MSG_CTRUNC;
  if (!numbers.empty()) append(message, SCM_RIGHTS, numbers.data(), numbers.size() * sizeof numbers[0]);
}

void add_credentials(kernel::Task& task, net::IncomingMessage& message) {
  if (room_for_data(message) < sizeof(ucred)) {
    message.result_flags |= MSG_CTRUNC;
    return;
  }
  ucred credentials{static_cast<pid_t>(task.process.pid), 0, 0};
  {
    const std::lock_guard guard(task.process.mutex);
    credentials.uid = task.process.credentials.uid;
    credentials.gid = task.process.credentials.gid;
  }
  append(message, SCM_CREDENTIALS, &credentials, sizeof credentials);
}
}  // namespace cloister::ipc
