// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/syscalls/socket_files.h"
#include <fcntl.h>
#include <array>

namespace cloister::syscalls {

Result<SocketRef> find_socket(Task& task, int descriptor) {
  vfs::FileRef file = TRY(task.process.descriptors.get(descriptor));
  if ((file->status_flags.load(std::memory_order_relaxed) & O_PATH) != 0) return Error::from_errno(EBADF);
  if (!file->is_socket()) return Error::from_errno(ENOTSOCK);
  return SocketRef(std::move(file));
}

SysResult install_file(Task& task, vfs::FileRef file, int flags) {
  const auto close_on_exec = (flags & O_CLOEXEC) != 0 ? kernel::CloseOnExec::yes : kernel::CloseOnExec::no;
  return TRY(task.process.descriptors.install(std::move(file), close_on_exec));
}

SysResult install_pair(Task& task, vfs::FileRef first, vfs::FileRef second, int flags, ProgramAddress numbers) {
  std::array<std::int32_t, 2> pair;
  pair[0] = static_cast<std::int32_t>(TRY(install_file(task, std::move(first), flags)));
  const auto installed = install_file(task, std::move(second), flags);
  if (!installed.ok()) {
    (void)task.process.descriptors.close(pair[0]);
    return installed.error();
  }
  pair[1] = static_cast<std::int32_t>(installed.value());
  const auto stored = numbers.store(pair);
  if (stored.ok()) return 0;
  for (const std::int32_t number : pair) (void)task.process.descriptors.close(number);
  return stored.error();
}
}  // namespace cloister::syscalls
