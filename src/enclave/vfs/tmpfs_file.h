// SPDX-License-Identifier: Apache-2.0
// Regular files in enclave memory, their open descriptions, mappings and seals (memfd). Trusted, kernel storey.
#pragma once
#include <array>
#include <cstdlib>
#include <map>
#include <memory>
#include "src/enclave/kernel/address_space.h"
#include "src/enclave/vfs/node_file.h"
#include "src/enclave/vfs/tmpfs.h"

namespace cloister::vfs {
class TmpfsFile final : public TmpfsNode {
 public:
  using TmpfsNode::TmpfsNode;
  ~TmpfsFile() override;
  Result<FileRef> open(Task& task, std::uint32_t flags) override;
  Result<void> set_size(std::uint64_t size) override;

  std::uint64_t size();
  // Up to `size` bytes from `offset`; what lies there now.
  std::size_t read(std::uint64_t offset, std::uint8_t* to, std::size_t size);
  // ENOSPC when the file system is full (then *written bytes are there), EPERM when it is sealed.
  Result<void> write(std::uint64_t offset, const std::uint8_t* from, std::size_t size, std::size_t* written);
  Result<void> append(const std::uint8_t* from, std::size_t size, std::size_t* written, std::uint64_t* end);
  Result<void> allocate(int mode, std::uint64_t offset, std::uint64_t size);

  // Seals of a memfd; `sealable` files start without, all others cannot get any (EPERM).
  void make_sealable() { seals_ = 0; }
  std::uint32_t seals();
  Result<void> add_seals(std::uint32_t seals);

 protected:
  std::uint64_t size_locked() const override { return size_; }
  std::uint64_t blocks_locked() const override { return pages_.size() * 8; }

 private:
  using Page = std::array<std::uint8_t, 4096>;
  struct Free {
    void operator()(Page* page) const { std::free(page); }
  };
  Page* page_locked(std::uint64_t index);  // creates it; null when the file system is full
  Result<void> write_locked(std::uint64_t offset, const std::uint8_t* from, std::size_t size, std::size_t* written);
  void clear_locked(std::uint64_t begin, std::uint64_t end);

  std::map<std::uint64_t, std::unique_ptr<Page, Free>> pages_;  // absent: zeros
  std::uint64_t size_ = 0;
  std::uint32_t seals_ = 1;  // F_SEAL_SEAL
};

class TmpfsOpenFile final : public PositionedFile {
 public:
  TmpfsOpenFile(std::shared_ptr<TmpfsFile> file, std::uint32_t flags)
      : PositionedFile(file, flags), file_(std::move(file)) {}
  Result<std::size_t> read_at(Task& task, const IoVector& to, std::uint64_t offset) override;
  Result<std::size_t> write_at(Task& task, const IoVector& from, std::uint64_t offset) override;
  Result<void> truncate(std::uint64_t size) override;
  Result<void> allocate(int mode, std::uint64_t offset, std::uint64_t size) override;
  Result<std::shared_ptr<kernel::MappedFile>> map_file() override;
  TmpfsFile& file() const { return *file_; }
  TmpfsFile* as_memory_file() override { return file_.get(); }

 protected:
  Result<std::uint64_t> data_size() override { return file_->size(); }
  Result<std::size_t> append(Task& task, const IoVector& from, std::uint64_t* end) override;

 private:
  kernel::FileKey key();
  const std::shared_ptr<TmpfsFile> file_;
};
}  // namespace cloister::vfs
