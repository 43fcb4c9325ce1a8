// SPDX-License-Identifier: Apache-2.0
// A measured file in the tree, its open description and its mappings. Read-only. Trusted, kernel storey.
#pragma once
#include "src/enclave/kernel/address_space.h"
#include "src/enclave/vfs/measured_content.h"
#include "src/enclave/vfs/node_file.h"

namespace cloister::vfs {
class MeasuredNode final : public Node {
 public:
  MeasuredNode(std::shared_ptr<const MeasuredFile> file, Mismatch mismatch);
  std::uint32_t type() const override { return S_IFREG; }
  Result<struct stat> status() override;
  Result<FileRef> open(Task& task, std::uint32_t flags) override;
  // The host's file is opened at the first use and shared by all users.
  Result<std::shared_ptr<MeasuredContent>> content();

 private:
  const std::shared_ptr<const MeasuredFile> file_;
  const Mismatch mismatch_;
  LoadHistory history_;
  std::mutex mutex_;  // guards what follows; never held over a host call
  std::weak_ptr<MeasuredContent> content_;
  bool times_known_ = false;
  struct timespec modified_ = {};
};

class MeasuredOpenFile final : public PositionedFile {
 public:
  MeasuredOpenFile(NodeRef node, std::uint32_t flags, std::shared_ptr<MeasuredContent> content)
      : PositionedFile(std::move(node), flags), content_(std::move(content)) {}
  Result<std::size_t> read_at(Task& task, const IoVector& to, std::uint64_t offset) override;
  Result<BorrowedBytes> borrow(std::uint64_t offset, std::size_t size) override;
  Result<std::shared_ptr<kernel::MappedFile>> map_file() override;

 protected:
  Result<std::uint64_t> data_size() override { return content_->size(); }

 private:
  const std::shared_ptr<MeasuredContent> content_;
};

class MeasuredMappedFile final : public kernel::MappedFile {
 public:
  explicit MeasuredMappedFile(std::shared_ptr<MeasuredContent> content) : content_(std::move(content)) {}
  Result<void> read_pages(std::uint64_t offset, void* to, std::size_t size) override;
  std::uint64_t size() const override { return content_->size(); }
  std::span<const std::uint8_t> plan() const override { return content_->file().plan; }
  bool may_execute() const override { return true; }
  const std::string& path() const override { return content_->file().path; }
  bool is_known_to_host() const override { return true; }

 private:
  const std::shared_ptr<MeasuredContent> content_;
};
}  // namespace cloister::vfs
