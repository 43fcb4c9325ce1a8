// SPDX-License-Identifier: Apache-2.0
// The fixed part of the tree: directories and symbolic links that are there from the start and do not change, so that
// they need no lock. Trusted, kernel storey.
#pragma once
#include <map>
#include <string_view>
#include "src/enclave/vfs/node.h"

namespace cloister::vfs {
enum class HostBacked : bool { no, yes };

class StaticDirectory final : public Node {
 public:
  StaticDirectory(const Filesystem& filesystem, HostBacked host_backed) : Node(filesystem), host_backed_(host_backed) {}
  // While the tree is built.
  void add(const std::string& name, NodeRef node) { children_[name] = std::move(node); }
  Node* find(std::string_view name) const;
  void set_host_backed() { host_backed_ = HostBacked::yes; }

  std::uint32_t type() const override { return S_IFDIR; }
  Result<struct stat> status() override;
  Result<FileRef> open(Task& task, std::uint32_t flags) override;
  Result<NodeRef> child(Task& task, const std::string& name) override;
  Result<std::vector<DirectoryEntry>> entries(Task& task) override;
  bool is_host_backed() const override { return host_backed_ == HostBacked::yes; }
  const StaticDirectory* as_static_directory() const override { return this; }
  bool is_empty() const { return children_.empty(); }

 private:
  std::map<std::string, NodeRef, std::less<>> children_;
  HostBacked host_backed_;
};

class StaticLink final : public Node {
 public:
  StaticLink(const Filesystem& filesystem, std::string target) : Node(filesystem), target_(std::move(target)) {}
  std::uint32_t type() const override { return S_IFLNK; }
  Result<struct stat> status() override { return make_status(S_IFLNK | 0777, target_.size()); }
  Result<std::string> link_target(Task&) override { return target_; }

 private:
  const std::string target_;
};
}  // namespace cloister::vfs
