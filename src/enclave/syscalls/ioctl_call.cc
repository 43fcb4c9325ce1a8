// SPDX-License-Identifier: Apache-2.0
// ioctl: what every file has is served here, the rest by the file itself.
#include <fcntl.h>
#include <sys/ioctl.h>
#include "src/enclave/syscalls/net_handlers.h"

namespace cloister::syscalls {

SysResult sys_ioctl(Task& task, int descriptor, std::uint32_t request, ProgramAddress argument) {
  const vfs::FileRef file = TRY(task.process.descriptors.get(descriptor));
  const std::uint32_t flags = file->status_flags.load(std::memory_order_relaxed);
  if ((flags & O_PATH) != 0) return Error::from_errno(EBADF);
  switch (request) {
    case FIOCLEX: TRY(task.process.descriptors.set_close_on_exec(descriptor, kernel::CloseOnExec::yes)); return 0;
    case FIONCLEX: TRY(task.process.descriptors.set_close_on_exec(descriptor, kernel::CloseOnExec::no)); return 0;
    case FIONBIO: {
      const auto on = TRY(argument.load<std::int32_t>());
      TRY(file->set_status_flags(on != 0 ? flags | O_NONBLOCK : flags & ~std::uint32_t{O_NONBLOCK}));
      return 0;
    }
    default: return file->control(task, request, argument);
  }
}
}  // namespace cloister::syscalls
