// SPDX-License-Identifier: Apache-2.0
// Reading and writing. The core's fast path serves the plain cases of host files; everything else arrives here.
#include <fcntl.h>
#include <linux/fs.h>
#include <algorithm>
#include "src/enclave/syscalls/file_access.h"
#include "src/enclave/syscalls/file_handlers.h"

namespace cloister::syscalls {
namespace {
using kernel::IoVector;

// The buffer of read(2) and the like: what is no address of the program at all fails before anything is transferred.
Result<IoVector> buffer(ProgramAddress address, std::uint64_t size) {
  if (static_cast<std::int64_t>(size) < 0) return Error::from_errno(EINVAL);
  size = std::min(size, kMaxTransfer);
  if (size != 0 && !core::is_program_range(address.value, size)) return Error::from_errno(EFAULT);
  return IoVector::program(address, size);
}

SysResult count_of(Result<std::size_t> size) {
  if (!size.ok()) return size.error();
  return static_cast<std::int64_t>(size.value());
}

SysResult read_at(Task& task, vfs::OpenFile& file, const IoVector& to, std::int64_t offset) {
  if (offset < 0) return Error::from_errno(EINVAL);
  return count_of(file.read_at(task, to, static_cast<std::uint64_t>(offset)));
}

SysResult write_at(Task& task, vfs::OpenFile& file, const IoVector& from, std::int64_t offset) {
  if (offset < 0) return Error::from_errno(EINVAL);
  // Linux appends whatever the offset says.
  if ((file.status_flags.load(std::memory_order_relaxed) & O_APPEND) != 0 && file.host_descriptor < 0)
    return count_of(file.write(task, from));
  return count_of(file.write_at(task, from, static_cast<std::uint64_t>(offset)));
}
// Data at an offset, of a file that is not open for it: a stream has no offsets, whatever it is open for.
Error not_at(const UsedFile& file) {
  const bool is_open = file.is_readable() || file.is_writable();  // not by O_PATH
  return Error::from_errno(is_open && !file->seek(0, SEEK_CUR).ok() ? ESPIPE : EBADF);
}
}  // namespace

SysResult sys_read(Task& task, int descriptor, ProgramAddress to, std::uint64_t size) {
  const UsedFile file(task, descriptor);
  if (!file.is_readable()) return Error::from_errno(EBADF);
  return count_of(file->read(task, TRY(buffer(to, size))));
}

SysResult sys_write(Task& task, int descriptor, ProgramAddress from, std::uint64_t size) {
  const UsedFile file(task, descriptor);
  if (!file.is_writable()) return Error::from_errno(EBADF);
  return count_of(file->write(task, TRY(buffer(from, size))));
}

SysResult sys_pread64(Task& task, int descriptor, ProgramAddress to, std::uint64_t size, std::int64_t offset) {
  if (offset < 0) return Error::from_errno(EINVAL);
  const UsedFile file(task, descriptor);
  if (!file.is_readable()) return not_at(file);
  return read_at(task, *file, TRY(buffer(to, size)), offset);
}

SysResult sys_pwrite64(Task& task, int descriptor, ProgramAddress from, std::uint64_t size, std::int64_t offset) {
  if (offset < 0) return Error::from_errno(EINVAL);
  const UsedFile file(task, descriptor);
  if (!file.is_writable()) return not_at(file);
  return write_at(task, *file, TRY(buffer(from, size)), offset);
}

SysResult sys_readv(Task& task, int descriptor, ProgramAddress vector, std::uint64_t count) {
  const UsedFile file(task, descriptor);
  if (!file.is_readable()) return Error::from_errno(EBADF);
  const IoVector to = TRY(IoVector::load(vector, count));
  if (to.size() == 0) return 0;
  return count_of(file->read(task, to));
}

SysResult sys_writev(Task& task, int descriptor, ProgramAddress vector, std::uint64_t count) {
  const UsedFile file(task, descriptor);
  if (!file.is_writable()) return Error::from_errno(EBADF);
  const IoVector from = TRY(IoVector::load(vector, count));
  if (from.size() == 0) return 0;
  return count_of(file->write(task, from));
}

SysResult sys_preadv(Task& task, int descriptor, ProgramAddress vector, std::uint64_t count, std::int64_t offset) {
  if (offset < 0) return Error::from_errno(EINVAL);
  const UsedFile file(task, descriptor);
  if (!file.is_readable()) return not_at(file);
  return read_at(task, *file, TRY(IoVector::load(vector, count)), offset);
}

SysResult sys_pwritev(Task& task, int descriptor, ProgramAddress vector, std::uint64_t count, std::int64_t offset) {
  if (offset < 0) return Error::from_errno(EINVAL);
  const UsedFile file(task, descriptor);
  if (!file.is_writable()) return not_at(file);
  return write_at(task, *file, TRY(IoVector::load(vector, count)), offset);
}

SysResult sys_preadv2(Task& task, int descriptor, ProgramAddress vector, std::uint64_t count, std::int64_t offset,
                      std::uint64_t, std::uint32_t flags) {
  if ((flags & ~static_cast<std::uint32_t>(RWF_HIPRI)) != 0) return Error::from_errno(EOPNOTSUPP);
  return offset == -1 ? sys_readv(task, descriptor, vector, count)
                      : sys_preadv(task, descriptor, vector, count, offset);
}

SysResult sys_pwritev2(Task& task, int descriptor, ProgramAddress vector, std::uint64_t count, std::int64_t offset,
                       std::uint64_t, std::uint32_t flags) {
  if ((flags & ~static_cast<std::uint32_t>(RWF_HIPRI | RWF_DSYNC | RWF_SYNC)) != 0)
    return Error::from_errno(EOPNOTSUPP);
  const std::int64_t size = TRY(offset == -1 ? sys_writev(task, descriptor, vector, count)
                                             : sys_pwritev(task, descriptor, vector, count, offset));
  if ((flags & (RWF_DSYNC | RWF_SYNC)) != 0)
    TRY(TRY(find_file(task, descriptor))->synchronise((flags & RWF_SYNC) == 0));
  return size;
}

SysResult sys_lseek(Task& task, int descriptor, std::int64_t offset, int whence) {
  const vfs::FileRef file = TRY(find_file(task, descriptor));
  if (whence < SEEK_SET || whence > SEEK_HOLE) return Error::from_errno(EINVAL);
  return file->seek(offset, whence);
}
}  // namespace cloister::syscalls
