// SPDX-License-Identifier: Apache-2.0
// A file system in enclave memory: files, directories, symbolic and hard links. Trusted, kernel storey.
//
// One lock per file system guards its tree and the contents of its files. Program memory is never copied under it,
// since a page fault may need the contents of a mapped file: data takes the way over a trusted buffer.
#pragma once
#include <atomic>
#include <map>
#include <mutex>
#include "src/enclave/vfs/node.h"

namespace cloister::vfs {
// Shared by the nodes of one file system.
struct TmpfsState {
  TmpfsState(std::uint64_t limit, std::uint64_t of_enclave) : page_limit(limit), memory_pages(of_enclave) {}
  std::mutex mutex;
  const std::uint64_t page_limit;
  const std::uint64_t memory_pages;  // as soon as the enclave has so many in all, nothing here grows any more
  std::atomic<std::uint64_t> pages{0};
  std::atomic<std::uint64_t> names{0};  // no more than page_limit
  bool has_memory() const;
};

class TmpfsNode : public Node {
 public:
  TmpfsNode(const Filesystem& filesystem, std::shared_ptr<TmpfsState> state, const NewNode& what);
  std::uint32_t type() const override { return mode_ & S_IFMT; }
  Result<struct stat> status() override;
  Result<struct statfs> filesystem_status() override;
  Result<void> set_mode(std::uint32_t mode) override;
  Result<void> set_owner(std::uint32_t user, std::uint32_t group) override;
  Result<void> set_times(const struct timespec times[2]) override;
  void touch();  // contents changed now

 protected:
  friend class TmpfsDirectory;
  virtual std::uint64_t size_locked() const { return 0; }
  virtual std::uint64_t blocks_locked() const { return 0; }
  void touch_locked();
  TmpfsState& state() const { return *state_; }
  const std::shared_ptr<TmpfsState>& shared_state() const { return state_; }

 private:
  const std::shared_ptr<TmpfsState> state_;
  std::uint32_t mode_, user_, group_;  // these under the state's mutex; the type bits never change
  std::uint32_t links_ = 0;
  struct timespec accessed_, modified_, changed_;
};

class TmpfsLink final : public TmpfsNode {
 public:
  TmpfsLink(const Filesystem& filesystem, std::shared_ptr<TmpfsState> state, const NewNode& what)
      : TmpfsNode(filesystem, std::move(state), what), target_(what.target) {}
  Result<std::string> link_target(Task&) override { return target_; }

 protected:
  std::uint64_t size_locked() const override { return target_.size(); }

 private:
  const std::string target_;
};

class TmpfsDirectory final : public TmpfsNode {
 public:
  TmpfsDirectory(const Filesystem& filesystem, std::shared_ptr<TmpfsState> state, const NewNode& what);
  // While the tree is built: something measured that lies in here.
  void attach(const std::string& name, NodeRef node);
  NodeRef enter(const std::string& name);  // the directory of that name, made if it is not there; null for a file
  NodeRef attach_file(const std::string& name, const NewNode& what);  // likewise: an empty file
  void note_mounted();  // the name under which it is mounted is a link to it

  Result<FileRef> open(Task& task, std::uint32_t flags) override;
  Result<NodeRef> child(Task& task, const std::string& name) override;
  Result<std::vector<DirectoryEntry>> entries(Task& task) override;
  Result<void> check_search(Task& task) override;
  Result<NodeRef> create(Task& task, const std::string& name, const NewNode& what) override;
  Result<NodeRef> create_unnamed(Task& task, const NewNode& what) override;
  Result<void> link(Task& task, const std::string& name, const NodeRef& node) override;
  Result<void> remove(Task& task, const std::string& name, Removal what) override;
  Result<void> rename(Task& task, const std::string& name, Node& to, const std::string& new_name,
                      std::uint32_t flags) override;

 protected:
  std::uint64_t size_locked() const override { return 20 * (children_.size() + 2); }

 private:
  using Children = std::map<std::string, NodeRef>;
  Result<void> check_change(Task& task);
  Result<void> check_replace_locked(const Node& moved, const Node& target);
  void insert_locked(const std::string& name, NodeRef node);
  void erase_locked(Children::iterator entry);
  bool contains_locked(const Node& node) const;  // itself or below

  Children children_;
  bool removed_ = false;
};

std::shared_ptr<TmpfsDirectory> make_tmpfs(const Filesystem& filesystem, std::uint32_t mode, std::uint64_t page_limit,
                                           std::uint64_t memory_pages = ~0ULL);
}  // namespace cloister::vfs
