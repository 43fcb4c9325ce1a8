// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/vfs/measured_node.h"
#include <algorithm>
#include <cstring>

namespace cloister::vfs {
MeasuredNode::MeasuredNode(std::shared_ptr<const MeasuredFile> file, Mismatch mismatch)
    : Node(kMeasuredFilesystem), file_(std::move(file)), mismatch_(mismatch) {}

// The time of the last change is the host's word: programs compare it with what they noted about the same file
// (Python's bytecode files), and a wrong one makes them do work anew or use another file, which is measured as well.
Result<struct stat> MeasuredNode::status() {
  struct stat status = make_status(S_IFREG | (file_->mode & 07777), file_->size);
  bool known;
  {
    const std::lock_guard guard(mutex_);
    known = times_known_;
  }
  if (!known && !file_->is_embedded()) {
    const auto host = host_path_status(file_->path, 0);
    const std::lock_guard guard(mutex_);
    if (host.ok()) modified_ = host.value().st_mtim;
    times_known_ = true;
  }
  const std::lock_guard guard(mutex_);
  status.st_mtim = status.st_ctim = status.st_atim = modified_;
  return status;
}

Result<std::shared_ptr<MeasuredContent>> MeasuredNode::content() {
  {
    const std::lock_guard guard(mutex_);
    if (auto content = content_.lock()) return content;
  }
  auto content = TRY(MeasuredContent::open(file_, mismatch_, {shared_from_this(), &history_}));
  const std::lock_guard guard(mutex_);
  content_ = content;
  return content;
}

Result<FileRef> MeasuredNode::open(Task&, std::uint32_t flags) {
  auto shared = TRY(content());  // not within the new-expression, whose memory an early return would leave behind
  return FileRef(new MeasuredOpenFile(shared_from_this(), flags, std::move(shared)));
}

Result<std::size_t> MeasuredOpenFile::read_at(Task&, const IoVector& to, std::uint64_t offset) {
  if (offset >= content_->size()) return std::size_t{0};
  const std::size_t size = std::min<std::uint64_t>(to.size(), content_->size() - offset);
  const auto fill = [&](std::size_t done) -> Result<std::size_t> {
    const BorrowedBytes piece = TRY(content_->borrow(offset + done, size - done));
    TRY(to.fill(done, piece.data, piece.size));
    return piece.size;
  };
  for (std::size_t done = 0; done < size;) {
    const auto filled = fill(done);
    if (!filled.ok()) return done > 0 ? Result<std::size_t>(done) : Result<std::size_t>(filled.error());
    done += filled.value();
  }
  return size;
}

Result<BorrowedBytes> MeasuredOpenFile::borrow(std::uint64_t offset, std::size_t size) {
  const bool is_one_piece = size > 0 && offset < content_->size() && size <= content_->size() - offset &&
                            offset / kFileChunkSize == (offset + size - 1) / kFileChunkSize;
  return is_one_piece ? content_->borrow(offset, size) : Result<BorrowedBytes>(BorrowedBytes{});
}

Result<std::shared_ptr<kernel::MappedFile>> MeasuredOpenFile::map_file() {
  TRY(content_->prepare());
  return std::shared_ptr<kernel::MappedFile>(std::make_shared<MeasuredMappedFile>(content_));
}

Result<void> MeasuredMappedFile::read_pages(std::uint64_t offset, void* to, std::size_t size) {
  const std::uint64_t end = content_->size();
  const std::size_t there = offset >= end ? 0 : std::min<std::uint64_t>(size, end - offset);
  TRY(content_->read(offset, to, there));
  std::memset(static_cast<std::uint8_t*>(to) + there, 0, size - there);
  return {};
}
}  // namespace cloister::vfs
