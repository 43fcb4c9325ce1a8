// SPDX-License-Identifier: Apache-2.0
// Open files of in-enclave nodes: what they share, directories, and files with a position. Trusted, kernel storey.
#pragma once
#include <mutex>
#include "src/enclave/vfs/node.h"

namespace cloister::vfs {

// Also what O_PATH gives: a node without access to its data.
inline constexpr std::size_t kPiece = 64 << 10;  // of data, through trusted memory at a time

class NodeFile : public OpenFile {
 public:
  NodeFile(NodeRef node, std::uint32_t flags);
  Result<struct stat> status() override { return node_->status(); }
  Result<struct statfs> filesystem_status() override { return node_->filesystem_status(); }
  Result<void> change_mode(std::uint32_t mode) override;
  Result<void> change_owner(std::uint32_t user, std::uint32_t group) override;
  Result<void> set_times(const struct timespec times[2]) override;
  Result<void> synchronise(bool) override { return {}; }
  Result<FileIdentity> identity() override { return FileIdentity{node_->filesystem().device, node_->inode, false}; }
  bool is_directory() const override { return node_->is_directory(); }
  Node& node() const { return *node_; }
  const NodeRef& shared_node() const { return node_; }
  NodeFile* as_node_file() override { return this; }

 private:
  const NodeRef node_;
};

// Lists its node; the listing is taken at the first read and after each rewind.
class DirectoryFile final : public NodeFile {
 public:
  using NodeFile::NodeFile;
  Result<std::vector<std::uint8_t>> read_directory(std::size_t size) override;
  Result<std::int64_t> seek(std::int64_t offset, int whence) override;

 private:
  std::mutex mutex_;
  std::vector<DirectoryEntry> entries_;
  std::size_t position_ = 0;
};

// Data with a position of its own. Derived classes give read_at, write_at and data_size.
class PositionedFile : public NodeFile {
 public:
  using NodeFile::NodeFile;
  Result<std::size_t> read(Task& task, const IoVector& to) override;
  Result<std::size_t> write(Task& task, const IoVector& from) override;
  Result<std::size_t> write_at(Task& task, const IoVector& from, std::uint64_t offset) override;
  Result<std::int64_t> seek(std::int64_t offset, int whence) override;

 protected:
  virtual Result<std::uint64_t> data_size() = 0;
  // Writes at the end, whatever that is at that moment; *end is where the data ended.
  virtual Result<std::size_t> append(Task& task, const IoVector& from, std::uint64_t* end);

 private:
  std::mutex position_mutex_;  // held over a transfer, as Linux does; what the transfer needs never takes it
  std::uint64_t position_ = 0;
};

// The attribute changes of chmod, chown and utimensat on a node, with their permission checks.
Result<void> change_node_mode(Task& task, Node& node, std::uint32_t mode);
Result<void> change_node_owner(Task& task, Node& node, std::uint32_t user, std::uint32_t group);
Result<void> change_node_times(Task& task, Node& node, const struct timespec times[2]);
}  // namespace cloister::vfs
