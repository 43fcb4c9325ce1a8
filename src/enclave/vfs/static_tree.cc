// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/vfs/static_tree.h"
#include "src/enclave/vfs/node_file.h"

namespace cloister::vfs {

Node* StaticDirectory::find(std::string_view name) const {
  const auto found = children_.find(name);
  return found == children_.end() ? nullptr : found->second.get();
}

Result<struct stat> StaticDirectory::status() {
  struct stat status = make_status(S_IFDIR | 0755, 4096);
  for (const auto& [name, node] : children_) status.st_nlink += node->is_directory() ? 1 : 0;
  return status;
}

Result<FileRef> StaticDirectory::open(Task&, std::uint32_t flags) {
  return FileRef(new DirectoryFile(shared_from_this(), flags));
}

Result<NodeRef> StaticDirectory::child(Task&, const std::string& name) {
  const auto found = children_.find(name);
  if (found == children_.end()) return Error::from_errno(ENOENT);
  return found->second;
}

Result<std::vector<DirectoryEntry>> StaticDirectory::entries(Task&) {
  std::vector<DirectoryEntry> list;
  for (const auto& [name, node] : children_) list.push_back({name, node->inode, entry_type(node->type())});
  return list;
}
}  // namespace cloister::vfs
