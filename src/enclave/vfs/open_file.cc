// SPDX-License-Identifier: Apache-2.0
// Defaults: what Linux answers for a file that lacks the operation.
#include "src/enclave/vfs/open_file.h"
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <algorithm>
#include <mutex>
#include "src/enclave/core/prefetch.h"
#include "src/enclave/vfs/locks.h"

namespace cloister::vfs {
namespace {
constexpr std::uint32_t kChangeableFlags = O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME | O_ASYNC;
std::mutex paths_mutex;  // of all files: a path changes when the program renames something
}  // namespace

std::string OpenFile::path() const {
  const std::lock_guard guard(paths_mutex);
  return path_;
}
void OpenFile::set_path(std::string path) {
  const std::lock_guard guard(paths_mutex);
  path_ = std::move(path);
}

void apply_open_flags(OpenFile& file, std::uint32_t flags) {
  constexpr std::uint32_t kKept =
      O_APPEND | O_NONBLOCK | O_SYNC | O_DSYNC | O_DIRECT | O_NOATIME | O_DIRECTORY | O_PATH | O_NOFOLLOW;
  constexpr std::uint32_t kLargeFile = 0100000;
  const std::uint32_t access = flags & O_ACCMODE;
  file.readable = (flags & O_PATH) == 0 && access != O_WRONLY;
  file.writable = (flags & O_PATH) == 0 && access != O_RDONLY;
  file.status_flags.store((flags & kKept) | ((flags & O_PATH) == 0 ? kLargeFile : 0), std::memory_order_relaxed);
}

void OpenFile::stop_receive_ahead() {
  core::Prefetched* const here = prefetched.load(std::memory_order_acquire);
  if (here != nullptr) here->stop();
}

Result<std::size_t> OpenFile::read(Task&, const IoVector&) { return refuse(is_directory() ? EISDIR : EINVAL); }
Result<std::size_t> OpenFile::write(Task&, const IoVector&) { return refuse(EINVAL); }
Result<std::size_t> OpenFile::read_at(Task&, const IoVector&, std::uint64_t) {
  return refuse(is_directory() ? EISDIR : ESPIPE);
}
Result<BorrowedBytes> OpenFile::borrow(std::uint64_t, std::size_t) { return BorrowedBytes{}; }
Result<std::size_t> OpenFile::write_at(Task&, const IoVector&, std::uint64_t) { return refuse(ESPIPE); }
std::optional<Result<std::size_t>> OpenFile::send_file(Task&, OpenFile&, std::optional<std::uint64_t>, std::size_t) {
  return std::nullopt;
}
Result<std::int64_t> OpenFile::seek(std::int64_t, int) { return refuse(ESPIPE); }
Result<void> OpenFile::truncate(std::uint64_t) { return refuse(EINVAL); }
Result<void> OpenFile::allocate(int, std::uint64_t, std::uint64_t) { return refuse(ENODEV); }
Result<void> OpenFile::synchronise(bool) { return refuse(EINVAL); }
Result<std::vector<std::uint8_t>> OpenFile::read_directory(std::size_t) { return refuse(ENOTDIR); }
// FIONREAD of a regular file is what lies beyond its position.
Result<std::int64_t> OpenFile::control(Task&, std::uint32_t request, ProgramAddress argument) {
  if (request != FIONREAD) return refuse(ENOTTY);
  const struct stat own = TRY(status());
  if (!S_ISREG(own.st_mode)) return refuse(ENOTTY);
  const std::int64_t left = own.st_size - TRY(seek(0, SEEK_CUR));
  TRY(argument.store(static_cast<std::int32_t>(std::clamp<std::int64_t>(left, 0, INT32_MAX))));
  return 0;
}
Result<void> OpenFile::change_mode(std::uint32_t) { return refuse(EPERM); }
Result<void> OpenFile::change_owner(std::uint32_t, std::uint32_t) { return refuse(EPERM); }
Result<void> OpenFile::set_times(const struct timespec*) { return refuse(EPERM); }
Result<std::shared_ptr<kernel::MappedFile>> OpenFile::map_file() { return refuse(ENODEV); }

Result<std::int64_t> OpenFile::set_pipe_capacity(std::uint64_t) { return refuse(EBADF); }
Result<std::int64_t> OpenFile::pipe_capacity() { return refuse(EBADF); }

Result<void> OpenFile::set_status_flags(std::uint32_t flags) {
  const std::uint32_t old = status_flags.load(std::memory_order_relaxed);
  status_flags.store((old & ~kChangeableFlags) | (flags & kChangeableFlags), std::memory_order_relaxed);
  return {};
}

// As an anonymous inode.
Result<struct stat> OpenFile::status() {
  struct stat status = {};
  status.st_mode = 0600;
  status.st_nlink = 1;
  status.st_ino = reinterpret_cast<std::uint64_t>(this) >> 4;
  status.st_blksize = 4096;
  return status;
}

Result<struct statfs> OpenFile::filesystem_status() {
  struct statfs status = {};
  status.f_type = 0x09041934;  // ANON_INODE_FS_MAGIC
  status.f_bsize = status.f_frsize = 4096;
  status.f_namelen = 255;
  return status;
}

Result<FileIdentity> OpenFile::identity() {
  const struct stat own = TRY(status());
  return FileIdentity{own.st_dev, own.st_ino, false};
}

void OpenFile::descriptor_closed() { release_process_locks(*this); }

// What is always ready: regular files and everything that never blocks.
std::uint32_t OpenFile::readiness() { return EPOLLIN | EPOLLOUT | EPOLLRDNORM | EPOLLWRNORM; }
}  // namespace cloister::vfs
