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

// What is no memory of this program at all fails before anything is transferred.
Result<IoVector> buffer(ProgramAddress address, std::uint64_t size) {
  IoVector memory = TRY(IoVector::buffer(address, size));
  if (size != 0 && !core::is_program_range(address.value, memory.size())) return Error::from_errno(EFAULT);
  return memory;
}

SysResult count_of(Result<std::size_t> size) {
  if (!size.ok()) return size.error();
  return static_cast<std::int64_t>(size.value());
}

// A regular file takes or gives what lies before the first page that the program cannot access.
template <typename Transfer>
SysResult up_to_fault(vfs::OpenFile& file, const IoVector& memory, core::Access access, Transfer transfer) {
  auto moved = transfer(memory);
  const bool is_regular = file.is_host_regular || file.as_node_file() != nullptr;
  if (moved.ok() || moved.error().errno_value() != EFAULT || !is_regular) return count_of(std::move(moved));
  const IoVector part = memory.accessible(access);
  return count_of(part.size() == 0 ? std::move(moved) : transfer(part));
}

SysResult read_from(Task& task, vfs::OpenFile& file, const IoVector& to) {
  return up_to_fault(file, to, core::Access::write, [&](const IoVector& part) { return file.read(task, part); });
}

SysResult write_to(Task& task, vfs::OpenFile& file, const IoVector& from) {
  return up_to_fault(file, from, core::Access::read, [&](const IoVector& part) { return file.write(task, part); });
}

SysResult read_at(Task& task, vfs::OpenFile& file, const IoVector& to, std::int64_t offset) {
  if (offset < 0) return Error::from_errno(EINVAL);
  return up_to_fault(file, to, core::Access::write, [&](const IoVector& part) {
    return file.read_at(task, part, static_cast<std::uint64_t>(offset));
  });
}

SysResult write_at(Task& task, vfs::OpenFile& file, const IoVector& from, std::int64_t offset) {
  if (offset < 0) return Error::from_errno(EINVAL);
  // Linux appends whatever the offset says.
  if ((file.status_flags.load(std::memory_order_relaxed) & O_APPEND) != 0 && file.host_descriptor < 0)
    return write_to(task, file, from);
  return up_to_fault(file, from, core::Access::read, [&](const IoVector& part) {
    return file.write_at(task, part, static_cast<std::uint64_t>(offset));
  });
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
  return read_from(task, *file, TRY(buffer(to, size)));
}

SysResult sys_write(Task& task, int descriptor, ProgramAddress from, std::uint64_t size) {
  const UsedFile file(task, descriptor);
  if (!file.is_writable()) return Error::from_errno(EBADF);
  return write_to(task, *file, TRY(buffer(from, size)));
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
  return read_from(task, *file, to);
}

SysResult sys_writev(Task& task, int descriptor, ProgramAddress vector, std::uint64_t count) {
  const UsedFile file(task, descriptor);
  if (!file.is_writable()) return Error::from_errno(EBADF);
  const IoVector from = TRY(IoVector::load(vector, count));
  if (from.size() == 0) return 0;
  return write_to(task, *file, from);
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
