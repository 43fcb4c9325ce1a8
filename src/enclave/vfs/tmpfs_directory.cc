// SPDX-License-Identifier: Apache-2.0
// Names of the memory file system: everything that changes a directory.
#include <fcntl.h>
#include <linux/fs.h>
#include "src/enclave/kernel/task.h"
#include "src/enclave/vfs/node_file.h"
#include "src/enclave/vfs/permissions.h"
#include "src/enclave/vfs/tmpfs.h"
#include "src/enclave/vfs/tmpfs_fifo.h"
#include "src/enclave/vfs/tmpfs_file.h"

namespace cloister::vfs {
namespace {
NodeRef make_node(const Filesystem& filesystem, std::shared_ptr<TmpfsState> state, const NewNode& what) {
  switch (what.mode & S_IFMT) {
    case S_IFDIR: return std::make_shared<TmpfsDirectory>(filesystem, std::move(state), what);
    case S_IFREG: return std::make_shared<TmpfsFile>(filesystem, std::move(state), what);
    case S_IFLNK: return std::make_shared<TmpfsLink>(filesystem, std::move(state), what);
    case S_IFIFO: return std::make_shared<TmpfsFifo>(filesystem, std::move(state), what);
    default: return nullptr;
  }
}

bool has_room_for_name(const TmpfsState& state) { return state.names.load() < state.page_limit && state.has_memory(); }
}  // namespace

TmpfsDirectory::TmpfsDirectory(const Filesystem& filesystem, std::shared_ptr<TmpfsState> state, const NewNode& what)
    : TmpfsNode(filesystem, std::move(state), what) {
  links_ = 1;  // its own "."; a mount's root has one more, from where it is mounted
}

void TmpfsDirectory::attach(const std::string& name, NodeRef node) {
  const std::lock_guard guard(state().mutex);
  insert_locked(name, std::move(node));
}

NodeRef TmpfsDirectory::enter(const std::string& name) {
  const std::lock_guard guard(state().mutex);
  const auto found = children_.find(name);
  if (found != children_.end()) return found->second->is_directory() ? found->second : nullptr;
  NewNode what;
  what.mode = S_IFDIR | 0755;
  auto made = std::make_shared<TmpfsDirectory>(filesystem(), shared_state(), what);
  insert_locked(name, made);
  return made;
}

NodeRef TmpfsDirectory::attach_file(const std::string& name, const NewNode& what) {
  auto made = std::make_shared<TmpfsFile>(filesystem(), shared_state(), what);
  attach(name, made);
  return made;
}

void TmpfsDirectory::note_mounted() {
  const std::lock_guard guard(state().mutex);
  ++links_;
}

Result<FileRef> TmpfsDirectory::open(Task&, std::uint32_t flags) {
  return FileRef(new DirectoryFile(shared_from_this(), flags));
}

Result<NodeRef> TmpfsDirectory::child(Task&, const std::string& name) {
  const std::lock_guard guard(state().mutex);
  const auto found = children_.find(name);
  if (found == children_.end()) return refuse(ENOENT);
  return found->second;
}

Result<std::vector<DirectoryEntry>> TmpfsDirectory::entries(Task&) {
  const std::lock_guard guard(state().mutex);
  std::vector<DirectoryEntry> list;
  for (const auto& [name, node] : children_) list.push_back({name, node->inode, entry_type(node->type())});
  return list;
}

Result<void> TmpfsDirectory::check_search(Task& task) {
  return check_access(credentials_of(task.process), TRY(status()), kExecute);
}
Result<void> TmpfsDirectory::check_change(Task& task) {
  return check_access(credentials_of(task.process), TRY(status()), kWrite | kExecute);
}

void TmpfsDirectory::insert_locked(const std::string& name, NodeRef node) {
  // A directory's own "." is its second link, its ".." one more of this directory.
  if (node->filesystem().device == filesystem().device) {
    auto& entry = static_cast<TmpfsNode&>(*node);
    ++entry.links_;
    if (entry.is_directory()) ++links_;
  }
  children_[name] = std::move(node);
  state().names.fetch_add(1);
  touch_locked();
}

void TmpfsDirectory::erase_locked(Children::iterator found) {
  if (found->second->filesystem().device == filesystem().device) {
    auto& entry = static_cast<TmpfsNode&>(*found->second);
    --entry.links_;
    if (entry.is_directory()) --links_;
  }
  children_.erase(found);
  state().names.fetch_sub(1);
  touch_locked();
}

Result<NodeRef> TmpfsDirectory::create(Task& task, const std::string& name, const NewNode& what) {
  TRY(check_change(task));
  if (!has_room_for_name(state())) return refuse(ENOSPC);
  NewNode wanted = what;
  const struct stat own = TRY(status());
  if ((own.st_mode & S_ISGID) != 0) {  // BSD groups
    wanted.group = own.st_gid;
    if (S_ISDIR(what.mode)) wanted.mode |= S_ISGID;
  }
  NodeRef node = make_node(filesystem(), shared_state(), wanted);
  if (node == nullptr) return refuse(EPERM);
  const std::lock_guard guard(state().mutex);
  if (removed_) return refuse(ENOENT);
  if (children_.contains(name)) return refuse(EEXIST);
  insert_locked(name, node);
  return node;
}

Result<NodeRef> TmpfsDirectory::create_unnamed(Task& task, const NewNode& what) {
  TRY(check_change(task));
  if (!state().has_memory()) return refuse(ENOSPC);
  return make_node(filesystem(), shared_state(), what);
}

Result<void> TmpfsDirectory::link(Task& task, const std::string& name, const NodeRef& node) {
  TRY(check_change(task));
  if (node->is_directory()) return refuse(EPERM);
  if (!has_room_for_name(state())) return refuse(ENOSPC);
  const std::lock_guard guard(state().mutex);
  if (removed_) return refuse(ENOENT);
  if (children_.contains(name)) return refuse(EEXIST);
  insert_locked(name, node);
  return {};
}

Result<void> TmpfsDirectory::remove(Task& task, const std::string& name, Removal what) {
  TRY(check_change(task));
  const NodeRef node = TRY(child(task, name));
  TRY(check_sticky(credentials_of(task.process), TRY(status()), TRY(node->status())));
  const std::lock_guard guard(state().mutex);
  const auto found = children_.find(name);
  if (found == children_.end() || found->second != node) return refuse(ENOENT);
  if (what == Removal::file && node->is_directory()) return refuse(EISDIR);
  if (what == Removal::directory) {
    if (!node->is_directory()) return refuse(ENOTDIR);
    if (node->filesystem().device != filesystem().device) return refuse(EBUSY);
    auto& directory = static_cast<TmpfsDirectory&>(*node);
    if (!directory.children_.empty()) return refuse(ENOTEMPTY);
    directory.removed_ = true;
    directory.links_ = 1;  // erase_locked takes the last
  }
  erase_locked(found);
  return {};
}

bool TmpfsDirectory::contains_locked(const Node& node) const {
  if (&node == this) return true;
  for (const auto& [name, child_node] : children_)
    if (child_node->is_directory() && child_node->filesystem().device == filesystem().device &&
        static_cast<const TmpfsDirectory&>(*child_node).contains_locked(node))
      return true;
  return false;
}

Result<void> TmpfsDirectory::check_replace_locked(const Node& moved, const Node& target) {
  if (moved.is_directory() && !target.is_directory()) return refuse(ENOTDIR);
  if (!moved.is_directory() && target.is_directory()) return refuse(EISDIR);
  if (target.filesystem().device != filesystem().device) return refuse(EBUSY);
  if (target.is_directory() && !static_cast<const TmpfsDirectory&>(target).children_.empty()) return refuse(ENOTEMPTY);
  return {};
}

Result<void> TmpfsDirectory::rename(Task& task, const std::string& name, Node& to_node, const std::string& new_name,
                                    std::uint32_t flags) {
  auto& to = static_cast<TmpfsDirectory&>(to_node);
  TRY(check_change(task));
  TRY(to.check_change(task));
  const kernel::Credentials who = credentials_of(task.process);
  const NodeRef moved = TRY(child(task, name));
  TRY(check_sticky(who, TRY(status()), TRY(moved->status())));
  const auto target_found = to.child(task, new_name);
  const NodeRef target = target_found.ok() ? target_found.value() : nullptr;
  if (target != nullptr) {
    if ((flags & RENAME_NOREPLACE) != 0) return refuse(EEXIST);
    if (target == moved) return {};
    TRY(check_sticky(who, TRY(to.status()), TRY(target->status())));
  } else if ((flags & RENAME_EXCHANGE) != 0) {
    return refuse(ENOENT);
  }
  const std::lock_guard guard(state().mutex);
  const auto from = children_.find(name);
  if (from == children_.end() || from->second != moved || to.removed_) return refuse(ENOENT);
  const auto replaced = to.children_.find(new_name);
  if ((replaced == to.children_.end() ? nullptr : replaced->second) != target) return refuse(EAGAIN);
  if (moved->filesystem().device != filesystem().device) return refuse(EBUSY);
  if (moved->is_directory() && static_cast<TmpfsDirectory&>(*moved).contains_locked(to)) return refuse(EINVAL);
  if ((flags & RENAME_EXCHANGE) != 0) {
    if (target->is_directory() && static_cast<TmpfsDirectory&>(*target).contains_locked(*this)) return refuse(EINVAL);
    to.erase_locked(replaced);
    erase_locked(children_.find(name));
    insert_locked(name, target);
    to.insert_locked(new_name, moved);
    return {};
  }
  if (target != nullptr) {
    TRY(check_replace_locked(*moved, *target));
    if (target->is_directory()) static_cast<TmpfsDirectory&>(*target).removed_ = true;
    to.erase_locked(replaced);
  }
  erase_locked(children_.find(name));
  to.insert_locked(new_name, moved);
  return {};
}
}  // namespace cloister::vfs
