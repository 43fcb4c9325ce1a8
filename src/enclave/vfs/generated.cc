// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/vfs/generated.h"
#include <fcntl.h>
#include <algorithm>

namespace cloister::vfs {
namespace {
constexpr std::size_t kWriteLimit = 4096;
}

Result<struct stat> TextNode::status() {
  struct stat status = make_status(S_IFREG | attributes_.mode, 0);
  status.st_uid = attributes_.user;
  status.st_gid = attributes_.group;
  return status;
}

Result<FileRef> TextNode::open(Task&, std::uint32_t flags) {
  if ((flags & O_ACCMODE) != O_RDONLY && write_ == nullptr) return Error::from_errno(EACCES);
  return FileRef(new TextFile(std::static_pointer_cast<TextNode>(shared_from_this()), flags));
}

Result<void> TextNode::store(Task& task, const std::string& text) const {
  if (write_ == nullptr) return Error::from_errno(EACCES);
  return write_(task, text);
}

Result<std::size_t> TextFile::read_at(Task& task, const IoVector& to, std::uint64_t offset) {
  bool empty;
  {
    const std::lock_guard guard(mutex_);
    empty = text_.empty();
  }
  if (offset == 0 || empty) {
    std::string fresh = TRY(node_->text(task));
    const std::lock_guard guard(mutex_);
    text_ = std::move(fresh);
  }
  std::string part;
  {
    const std::lock_guard guard(mutex_);
    if (offset >= text_.size()) return std::size_t{0};
    part = text_.substr(offset, to.size());
  }
  TRY(to.fill(0, part.data(), part.size()));
  return part.size();
}

Result<std::size_t> TextFile::write_at(Task& task, const IoVector& from, std::uint64_t) {
  std::string text(std::min(from.size(), kWriteLimit), '\0');
  TRY(from.fetch(0, text.data(), text.size()));
  TRY(node_->store(task, text));
  return text.size();
}

Result<std::uint64_t> TextFile::data_size() {
  const std::lock_guard guard(mutex_);
  return text_.size();
}

Result<struct stat> GeneratedDirectory::status() {
  struct stat status = make_status(S_IFDIR | (attributes_.mode | (attributes_.mode & 0444) >> 2), 0);
  status.st_uid = attributes_.user;
  status.st_gid = attributes_.group;
  return status;
}

Result<FileRef> GeneratedDirectory::open(Task&, std::uint32_t flags) {
  return FileRef(new DirectoryFile(shared_from_this(), flags));
}
}  // namespace cloister::vfs
