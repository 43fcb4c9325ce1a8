// SPDX-License-Identifier: Apache-2.0
// Nodes of the in-enclave tree: measured files and links, tmpfs, and what is synthesised. Trusted, kernel storey.
//
// The tree is the mount table: a mount is a node that another file system's directory holds. What lies on the host has
// no node; the resolver (resolve.h) leaves the tree there. Defaults answer as a read-only file system does.
#pragma once
#include <memory>
#include <string>
#include <vector>
#include "src/enclave/vfs/filesystem.h"
#include "src/enclave/vfs/open_file.h"

namespace cloister::vfs {
class Node;
class StaticDirectory;
using NodeRef = std::shared_ptr<Node>;

// What a new directory entry is to be.
struct NewNode {
  std::uint32_t mode = 0;  // S_IFMT bits and permissions
  std::uint32_t user = 0, group = 0;
  std::string target;  // of a symbolic link
};
enum class Removal { file, directory };

class Node : public std::enable_shared_from_this<Node> {
 public:
  explicit Node(const Filesystem& filesystem);
  Node(const Filesystem& filesystem, std::uint64_t number) : inode(number), filesystem_(filesystem) {}
  virtual ~Node() = default;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  const std::uint64_t inode;
  const Filesystem& filesystem() const { return filesystem_; }

  virtual std::uint32_t type() const = 0;  // S_IFMT bits
  bool is_directory() const { return type() == S_IFDIR; }
  bool is_link() const { return type() == S_IFLNK; }
  virtual Result<struct stat> status() = 0;
  virtual Result<struct statfs> filesystem_status();

  // A new description; access has been checked and O_TRUNC done.
  virtual Result<FileRef> open(Task& task, std::uint32_t flags);

  // Symbolic links. A magic one leads to an open file, whatever its target says.
  virtual Result<std::string> link_target(Task& task);
  virtual bool is_magic_link() const { return false; }
  virtual Result<FileRef> linked_file(Task& task);

  // Directories. `child` and `entries` without "." and "..".
  virtual Result<NodeRef> child(Task& task, const std::string& name);
  virtual Result<std::vector<DirectoryEntry>> entries(Task& task);
  virtual Result<void> check_search(Task&) { return {}; }
  virtual const StaticDirectory* as_static_directory() const { return nullptr; }  // static_tree.h
  // The host has a say on what is not a child here.
  virtual bool is_host_backed() const { return false; }
  virtual Result<NodeRef> create(Task& task, const std::string& name, const NewNode& what);
  virtual Result<NodeRef> create_unnamed(Task& task, const NewNode& what);  // O_TMPFILE
  virtual Result<void> link(Task& task, const std::string& name, const NodeRef& node);
  virtual Result<void> remove(Task& task, const std::string& name, Removal what);
  // `flags` as in renameat2; `to` is a directory of the same file system.
  virtual Result<void> rename(Task& task, const std::string& name, Node& to, const std::string& new_name,
                              std::uint32_t flags);

  // Attributes; the caller has checked that the task may. UTIME_NOW and UTIME_OMIT are resolved here.
  virtual Result<void> set_mode(std::uint32_t mode);
  virtual Result<void> set_owner(std::uint32_t user, std::uint32_t group);  // ~0: as it is
  virtual Result<void> set_times(const struct timespec times[2]);
  virtual Result<void> set_size(std::uint64_t size);

 protected:
  // What all fields but the given ones are for an ordinary node of this file system.
  struct stat make_status(std::uint32_t mode, std::uint64_t size) const;

 private:
  const Filesystem& filesystem_;
};

// DT_* of S_IFMT bits.
inline std::uint8_t entry_type(std::uint32_t type) { return static_cast<std::uint8_t>((type & S_IFMT) >> 12); }
}  // namespace cloister::vfs
