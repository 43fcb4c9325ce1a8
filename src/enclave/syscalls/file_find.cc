// SPDX-License-Identifier: Apache-2.0
// From a descriptor to its file.
#include <fcntl.h>
#include "src/enclave/syscalls/file_access.h"

namespace cloister::syscalls {
Result<vfs::FileRef> find_any_file(Task& task, int descriptor) { return task.process.descriptors.get(descriptor); }

Result<vfs::FileRef> find_file(Task& task, int descriptor) {
  vfs::FileRef file = TRY(task.process.descriptors.get(descriptor));
  if ((file->status_flags.load(std::memory_order_relaxed) & O_PATH) != 0) return Error::from_errno(EBADF);
  return file;
}

Result<vfs::FileRef> find_readable(Task& task, int descriptor) {
  vfs::FileRef file = TRY(find_file(task, descriptor));
  if (!file->readable) return Error::from_errno(EBADF);
  return file;
}

Result<vfs::FileRef> find_writable(Task& task, int descriptor) {
  vfs::FileRef file = TRY(find_file(task, descriptor));
  if (!file->writable) return Error::from_errno(EBADF);
  return file;
}
}  // namespace cloister::syscalls
