// SPDX-License-Identifier: Apache-2.0
// signalfd, signalfd4.
#include <fcntl.h>
#include <sys/signalfd.h>
#include "src/enclave/ipc/signal_file.h"
#include "src/enclave/kernel/signals.h"
#include "src/enclave/syscalls/file_access.h"
#include "src/enclave/syscalls/handler_list.h"

namespace cloister::syscalls {

SysResult sys_signalfd4(Task& task, int descriptor, ProgramAddress set, std::uint64_t size, int flags) {
  if ((flags & ~(SFD_CLOEXEC | SFD_NONBLOCK)) != 0 || size != sizeof(kernel::SignalSet))
    return Error::from_errno(EINVAL);
  const auto wanted = TRY(set.load<kernel::SignalSet>()) & ~kernel::kUnblockableSignals;
  if (descriptor == -1) {
    const auto status = static_cast<std::uint32_t>((flags & SFD_NONBLOCK) | O_RDWR);
    return install_descriptor(task, vfs::FileRef(new ipc::SignalFile(task.process, wanted, status)),
                              static_cast<std::uint32_t>(flags & SFD_CLOEXEC));
  }
  const vfs::FileRef file = TRY(find_file(task, descriptor));
  if (file->path() != ipc::SignalFile::kPath) return Error::from_errno(EINVAL);
  static_cast<ipc::SignalFile&>(*file).set_signals(wanted);
  task.process.signal_arrived.wake_all();
  return descriptor;
}

SysResult sys_signalfd(Task& task, int descriptor, ProgramAddress set, std::uint64_t size) {
  return sys_signalfd4(task, descriptor, set, size, 0);
}
}  // namespace cloister::syscalls
