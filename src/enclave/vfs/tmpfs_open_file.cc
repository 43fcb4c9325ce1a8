// SPDX-License-Identifier: Apache-2.0
// Data of memory files on its way between the program and the file system's pages, and their mappings.
#include <algorithm>
#include <cstring>
#include "src/enclave/vfs/shared_pages.h"
#include "src/enclave/vfs/tmpfs_file.h"

namespace cloister::vfs {
namespace {
class TmpfsMappedFile final : public kernel::MappedFile {
 public:
  enum class Writing : bool { refused, allowed };
  TmpfsMappedFile(std::shared_ptr<TmpfsFile> file, kernel::FileKey key, std::string path, Writing writing)
      : file_(std::move(file)), key_(key), path_(std::move(path)), writing_(writing) {}
  Result<void> read_pages(std::uint64_t offset, void* to, std::size_t size) override {
    auto* bytes = static_cast<std::uint8_t*>(to);
    const std::size_t there = file_->read(offset, bytes, size);
    std::memset(bytes + there, 0, size - there);
    return {};
  }
  std::uint64_t size() const override { return file_->size(); }
  std::span<const std::uint8_t> plan() const override { return {}; }
  bool may_execute() const override { return false; }  // what a program wrote is dynamic code
  const std::string& path() const override { return path_; }
  kernel::FileKey key() const override { return key_; }
  bool can_write_pages() const override { return writing_ == Writing::allowed; }
  Result<void> write_pages(std::uint64_t offset, const void* from, std::size_t size) override {
    std::size_t written;
    return file_->write(offset, static_cast<const std::uint8_t*>(from), size, &written);
  }

 private:
  const std::shared_ptr<TmpfsFile> file_;
  const kernel::FileKey key_;
  const std::string path_;
  const Writing writing_;
};
}  // namespace

kernel::FileKey TmpfsOpenFile::key() { return key_of(identity().value()); }

Result<void> TmpfsOpenFile::truncate(std::uint64_t size) {
  settle_pages(key());
  TRY(file_->set_size(size));
  forget_pages(key(), size);
  return {};
}

Result<void> TmpfsOpenFile::allocate(int mode, std::uint64_t offset, std::uint64_t size) {
  settle_pages(key(), offset, size);
  TRY(file_->allocate(mode, offset, size));
  forget_pages(key(), offset, size);
  return {};
}

Result<std::size_t> TmpfsOpenFile::read_at(Task&, const IoVector& to, std::uint64_t offset) {
  const std::size_t size = to.size();
  settle_pages(key(), offset, size);
  const std::unique_ptr<std::uint8_t[]> piece(new std::uint8_t[std::min(size, kPiece)]);
  std::size_t done = 0;
  while (done < size) {
    const std::size_t part = std::min(kPiece, size - done);
    const std::size_t got = file_->read(offset + done, piece.get(), part);
    if (const auto filled = to.fill(done, piece.get(), got); !filled.ok()) {
      if (done > 0) break;
      return filled.error();
    }
    done += got;
    if (got < part) break;
  }
  return done;
}

Result<std::size_t> TmpfsOpenFile::write_at(Task&, const IoVector& from, std::uint64_t offset) {
  const std::size_t size = from.size();
  settle_pages(key(), offset, size);
  const std::unique_ptr<std::uint8_t[]> piece(new std::uint8_t[std::min(size, kPiece)]);
  std::size_t done = 0;
  while (done < size) {
    const std::size_t part = std::min(kPiece, size - done);
    std::size_t written = 0;
    auto stored = from.fetch(done, piece.get(), part);
    const auto put =
        stored.ok() ? file_->write(offset + done, piece.get(), part, &written) : Result<void>(stored.error());
    done += written;
    if (!put.ok()) {
      if (done > 0) break;
      return put.error();
    }
  }
  forget_pages(key(), offset, done);
  return done;
}

// An append is atomic up to one piece, which is what writers of logs rely on.
Result<std::size_t> TmpfsOpenFile::append(Task&, const IoVector& from, std::uint64_t* end) {
  const std::size_t size = from.size();
  settle_pages(key());
  const std::unique_ptr<std::uint8_t[]> piece(new std::uint8_t[std::min(size, kPiece)]);
  std::size_t done = 0;
  *end = file_->size();
  while (done < size) {
    const std::size_t part = std::min(kPiece, size - done);
    std::size_t written = 0;
    auto stored = from.fetch(done, piece.get(), part);
    const auto put = stored.ok() ? file_->append(piece.get(), part, &written, end) : Result<void>(stored.error());
    done += written;
    if (!put.ok()) {
      if (done > 0) break;
      return put.error();
    }
  }
  forget_pages(key(), *end - done, done);
  return done;
}

Result<std::shared_ptr<kernel::MappedFile>> TmpfsOpenFile::map_file() {
  const auto writing = readable && writable ? TmpfsMappedFile::Writing::allowed : TmpfsMappedFile::Writing::refused;
  return std::shared_ptr<kernel::MappedFile>(std::make_shared<TmpfsMappedFile>(file_, key(), path(), writing));
}
}  // namespace cloister::vfs
