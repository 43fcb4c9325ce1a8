// SPDX-License-Identifier: Apache-2.0
// pipe, pipe2, eventfd, eventfd2.
#include <fcntl.h>
#include <sys/eventfd.h>
#include <array>
#include "src/enclave/ipc/event_counter.h"
#include "src/enclave/ipc/pipe.h"
#include "src/enclave/syscalls/net_handlers.h"
#include "src/enclave/syscalls/socket_files.h"

namespace cloister::syscalls {

SysResult sys_pipe2(Task& task, ProgramAddress descriptors, int flags) {
  // O_DIRECT, pipes of packets, is not served.
  if ((flags & ~(O_CLOEXEC | O_NONBLOCK)) != 0) return Error::from_errno(EINVAL);
  auto pipe = ipc::PipeEnd::create(static_cast<std::uint32_t>(flags & O_NONBLOCK));
  return install_pair(task, std::move(pipe.first), std::move(pipe.second), flags, descriptors);
}
SysResult sys_pipe(Task& task, ProgramAddress descriptors) { return sys_pipe2(task, descriptors, 0); }

SysResult sys_eventfd2(Task& task, std::uint32_t count, int flags) {
  if ((flags & ~(EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE)) != 0) return Error::from_errno(EINVAL);
  const auto take = (flags & EFD_SEMAPHORE) != 0 ? ipc::EventCounter::Take::one : ipc::EventCounter::Take::all;
  const auto status = static_cast<std::uint32_t>((flags & EFD_NONBLOCK) | O_RDWR);
  return install_file(task, vfs::FileRef(new ipc::EventCounter(count, take, status)), flags);
}
SysResult sys_eventfd(Task& task, std::uint32_t count) { return sys_eventfd2(task, count, 0); }
}  // namespace cloister::syscalls
