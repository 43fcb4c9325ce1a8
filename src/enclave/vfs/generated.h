// SPDX-License-Identifier: Apache-2.0
// Nodes whose contents are made when they are asked for: the building blocks of /proc and /sys. Trusted, kernel storey.
#pragma once
#include <functional>
#include "src/enclave/vfs/node_file.h"

namespace cloister::vfs {
class TextNode final : public Node {
 public:
  using Read = std::function<Result<std::string>(Task&)>;
  using Write = std::function<Result<void>(Task&, const std::string&)>;
  struct Attributes {
    std::uint32_t mode = 0444;
    std::uint32_t user = 0, group = 0;
  };
  TextNode(const Filesystem& filesystem, std::uint64_t number, Attributes attributes, Read read, Write write = nullptr)
      : Node(filesystem, number), attributes_(attributes), read_(std::move(read)), write_(std::move(write)) {}
  std::uint32_t type() const override { return S_IFREG; }
  Result<struct stat> status() override;
  Result<FileRef> open(Task& task, std::uint32_t flags) override;
  Result<void> set_size(std::uint64_t) override { return {}; }  // O_TRUNC, as procfs
  Result<std::string> text(Task& task) const { return read_(task); }
  Result<void> store(Task& task, const std::string& text) const;

 private:
  const Attributes attributes_;
  const Read read_;
  const Write write_;
};

// One text per reader, taken when it reads from the start.
class TextFile final : public PositionedFile {
 public:
  TextFile(std::shared_ptr<TextNode> node, std::uint32_t flags) : PositionedFile(node, flags), node_(std::move(node)) {}
  Result<std::size_t> read_at(Task& task, const IoVector& to, std::uint64_t offset) override;
  Result<std::size_t> write_at(Task& task, const IoVector& from, std::uint64_t offset) override;
  Result<void> truncate(std::uint64_t) override { return {}; }

 protected:
  Result<std::uint64_t> data_size() override;

 private:
  const std::shared_ptr<TextNode> node_;
  std::mutex mutex_;
  std::string text_;
};

class GeneratedLink final : public Node {
 public:
  using Target = std::function<Result<std::string>(Task&)>;
  GeneratedLink(const Filesystem& filesystem, std::uint64_t number, Target target)
      : Node(filesystem, number), target_(std::move(target)) {}
  std::uint32_t type() const override { return S_IFLNK; }
  Result<struct stat> status() override { return make_status(S_IFLNK | 0777, 0); }
  Result<std::string> link_target(Task& task) override { return target_(task); }

 private:
  const Target target_;
};

class GeneratedDirectory final : public Node {
 public:
  using Lookup = std::function<Result<NodeRef>(Task&, const std::string&)>;
  using List = std::function<Result<std::vector<DirectoryEntry>>(Task&)>;
  GeneratedDirectory(const Filesystem& filesystem, std::uint64_t number, TextNode::Attributes attributes, Lookup lookup,
                     List list)
      : Node(filesystem, number), attributes_(attributes), lookup_(std::move(lookup)), list_(std::move(list)) {}
  std::uint32_t type() const override { return S_IFDIR; }
  Result<struct stat> status() override;
  Result<FileRef> open(Task& task, std::uint32_t flags) override;
  Result<NodeRef> child(Task& task, const std::string& name) override { return lookup_(task, name); }
  Result<std::vector<DirectoryEntry>> entries(Task& task) override { return list_(task); }

 private:
  const TextNode::Attributes attributes_;
  const Lookup lookup_;
  const List list_;
};
}  // namespace cloister::vfs
