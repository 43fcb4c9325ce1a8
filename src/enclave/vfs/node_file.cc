// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/vfs/node_file.h"
#include <fcntl.h>
#include "src/enclave/kernel/task.h"
#include "src/enclave/vfs/host_directory.h"
#include "src/enclave/vfs/permissions.h"

namespace cloister::vfs {

NodeFile::NodeFile(NodeRef node, std::uint32_t flags) : node_(std::move(node)) { apply_open_flags(*this, flags); }

Result<void> NodeFile::change_mode(std::uint32_t mode) {
  return change_node_mode(*kernel::current_task(), *node_, mode);
}
Result<void> NodeFile::change_owner(std::uint32_t user, std::uint32_t group) {
  return change_node_owner(*kernel::current_task(), *node_, user, group);
}
Result<void> NodeFile::set_times(const struct timespec times[2]) {
  return change_node_times(*kernel::current_task(), *node_, times);
}

Result<std::vector<std::uint8_t>> DirectoryFile::read_directory(std::size_t size) {
  const std::lock_guard guard(mutex_);
  if (entries_.empty()) {
    entries_ = TRY(node().entries(*kernel::current_task()));
    entries_.insert(entries_.begin(),
                    {{".", node().inode, entry_type(S_IFDIR)}, {"..", node().inode, entry_type(S_IFDIR)}});
  }
  return list_entries(entries_, position_, size);
}

Result<std::int64_t> DirectoryFile::seek(std::int64_t offset, int whence) {
  const std::lock_guard guard(mutex_);
  position_ = TRY(position_after_seek(position_, offset, whence));
  if (position_ == 0) entries_.clear();
  return static_cast<std::int64_t>(position_);
}

Result<std::size_t> PositionedFile::read(Task& task, const IoVector& to) {
  const std::lock_guard guard(position_mutex_);
  const std::size_t size = TRY(read_at(task, to, position_));
  position_ += size;
  return size;
}

Result<std::size_t> PositionedFile::write(Task& task, const IoVector& from) {
  const std::lock_guard guard(position_mutex_);
  if ((status_flags.load(std::memory_order_relaxed) & O_APPEND) != 0) return append(task, from, &position_);
  const std::size_t size = TRY(write_at(task, from, position_));
  position_ += size;
  return size;
}

Result<std::size_t> PositionedFile::write_at(Task&, const IoVector&, std::uint64_t) { return Error::from_errno(EBADF); }
Result<std::size_t> PositionedFile::append(Task& task, const IoVector& from, std::uint64_t* end) {
  const std::uint64_t at = TRY(data_size());
  const std::size_t size = TRY(write_at(task, from, at));
  *end = at + size;
  return size;
}

Result<std::int64_t> PositionedFile::seek(std::int64_t offset, int whence) {
  const auto size = static_cast<std::int64_t>(TRY(data_size()));
  const std::lock_guard guard(position_mutex_);
  std::int64_t base = 0;
  switch (whence) {
    case SEEK_SET: break;
    case SEEK_CUR: base = static_cast<std::int64_t>(position_); break;
    case SEEK_END: base = size; break;
    case SEEK_DATA:
    case SEEK_HOLE:  // no holes are told apart: all is data up to the end
      if (offset < 0 || offset >= size) return Error::from_errno(ENXIO);
      if (whence == SEEK_HOLE) offset = size;
      break;
    default: return Error::from_errno(EINVAL);
  }
  std::int64_t target;
  if (__builtin_add_overflow(base, offset, &target)) return Error::from_errno(EOVERFLOW);
  if (target < 0) return Error::from_errno(EINVAL);
  position_ = static_cast<std::uint64_t>(target);
  return target;
}

Result<void> change_node_mode(Task& task, Node& node, std::uint32_t mode) {
  const struct stat status = TRY(node.status());
  if (node.is_link()) return Error::from_errno(EOPNOTSUPP);
  TRY(check_owner(credentials_of(task.process), status));
  return node.set_mode(mode & 07777);
}

Result<void> change_node_owner(Task& task, Node& node, std::uint32_t user, std::uint32_t group) {
  TRY(check_new_owner(credentials_of(task.process), TRY(node.status()), user, group));
  return node.set_owner(user, group);
}

// Only the owner may set times, but who may write may set both to now.
Result<void> change_node_times(Task& task, Node& node, const struct timespec times[2]) {
  const struct stat status = TRY(node.status());
  const kernel::Credentials who = credentials_of(task.process);
  const bool now = times[0].tv_nsec == UTIME_NOW && times[1].tv_nsec == UTIME_NOW;
  const auto owner = check_owner(who, status);
  if (!owner.ok()) {
    if (!now) return owner.error();
    TRY(check_access(who, status, kWrite));
  }
  return node.set_times(times);
}
}  // namespace cloister::vfs
