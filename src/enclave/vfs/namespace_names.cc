// SPDX-License-Identifier: Apache-2.0
// Operations that make, remove and move names.
#include <fcntl.h>
#include <linux/fs.h>
#include "src/enclave/kernel/task.h"
#include "src/enclave/vfs/host_paths.h"
#include "src/enclave/vfs/moved_names.h"
#include "src/enclave/vfs/namespace.h"
#include "src/enclave/vfs/node_file.h"
#include "src/enclave/vfs/permissions.h"

namespace cloister::vfs {
namespace {
NewNode new_node(Task& task, std::uint32_t mode, const std::string& target) {
  const kernel::Credentials who = credentials_of(task.process);
  return {mode, who.fsuid, who.fsgid, target};
}

// "." or ".." as the last component, after which nothing can be removed or renamed.
enum class LastName { ordinary, dot, dot_dot };
LastName last_name(const std::string& path) {
  const std::size_t end = path.find_last_not_of('/');
  if (end == std::string::npos || path[end] != '.') return LastName::ordinary;
  if (end == 0 || path[end - 1] == '/') return LastName::dot;
  if (path[end - 1] == '.' && (end == 1 || path[end - 2] == '/')) return LastName::dot_dot;
  return LastName::ordinary;
}

// What is measured, or a mount, keeps its name.
Result<void> check_movable(const Resolved& place) {
  if (place.node != nullptr && (place.parent == nullptr || place.host)) return refuse(EBUSY);
  if (place.node != nullptr && place.parent->is_host_backed())
    return refuse(place.node->is_directory() ? EBUSY : EROFS);
  return {};
}
}  // namespace

Result<void> Namespace::make_directory(Task& task, const std::string& base, const std::string& path,
                                       std::uint32_t mode) {
  const Resolved place = TRY(resolve(task, base, path, LastLink::keep));
  if (place.node != nullptr || place.file) return refuse(EEXIST);
  mode = masked(task.process, mode);
  if (place.host) return make_host_directory(place.path, mode);
  TRY(place.parent->create(task, place.name, new_node(task, S_IFDIR | (mode & 01777), "")));
  return {};
}

Result<void> Namespace::make_node(Task& task, const std::string& base, const std::string& path, std::uint32_t mode) {
  const std::uint32_t kind = (mode & S_IFMT) == 0 ? S_IFREG : mode & S_IFMT;
  if (kind == S_IFDIR) return refuse(EPERM);
  if (kind != S_IFREG && kind != S_IFIFO)
    return refuse(kind == S_IFCHR || kind == S_IFBLK || kind == S_IFSOCK ? EPERM : EINVAL);
  const Resolved place = TRY(resolve(task, base, path, LastLink::keep));
  if (place.node != nullptr || place.file) return refuse(EEXIST);
  mode = kind | masked(task.process, mode);
  if (place.host) return make_host_node(place.host_path(), mode);
  if (place.must_be_directory) return refuse(ENOENT);
  TRY(place.parent->create(task, place.name, new_node(task, mode, "")));
  return {};
}

Result<void> Namespace::make_link(Task& task, const std::string& target, const std::string& base,
                                  const std::string& path) {
  if (target.empty()) return refuse(ENOENT);
  const Resolved place = TRY(resolve(task, base, path, LastLink::keep));
  if (place.node != nullptr || place.file) return refuse(EEXIST);
  if (place.host) return make_host_link(target, place.host_path());
  if (place.must_be_directory) return refuse(ENOENT);
  TRY(place.parent->create(task, place.name, new_node(task, S_IFLNK | 0777, target)));
  return {};
}

Result<void> Namespace::remove(Task& task, const std::string& base, const std::string& path, Removal what) {
  const LastName last = last_name(path);
  if (last != LastName::ordinary) {
    if (what == Removal::file) return refuse(last == LastName::dot || last == LastName::dot_dot ? EISDIR : EBUSY);
    return refuse(last == LastName::dot ? EINVAL : ENOTEMPTY);
  }
  const Resolved place = TRY(resolve(task, base, path, LastLink::keep));
  TRY(check_movable(place));
  if (place.host) return remove_host_name(place.host_path(), what == Removal::directory ? AT_REMOVEDIR : 0);
  if (place.node == nullptr) return refuse(ENOENT);
  return place.parent->remove(task, place.name, what);
}

Result<void> Namespace::rename(Task& task, const std::string& from_base, const std::string& from,
                               const std::string& to_base, const std::string& to, std::uint32_t flags) {
  constexpr std::uint32_t kServed = RENAME_NOREPLACE | RENAME_EXCHANGE;
  if ((flags & ~kServed) != 0 || flags == kServed) return refuse(EINVAL);
  if (last_name(from) != LastName::ordinary || last_name(to) != LastName::ordinary) return refuse(EBUSY);
  const Resolved source = TRY(resolve(task, from_base, from, LastLink::keep));
  const Resolved target = TRY(resolve(task, to_base, to, LastLink::keep));
  TRY(check_movable(source));
  TRY(check_movable(target));
  const Renaming how = flags == RENAME_EXCHANGE ? Renaming::exchanged : Renaming::moved;
  if (source.host && target.host) {
    TRY(rename_on_host(source.host_path(), target.host_path(), flags));
    follow_renaming(task.process, source.path, target.path, how);
    return {};
  }
  if (source.host != target.host) return refuse(EXDEV);
  if (source.node == nullptr) return refuse(ENOENT);
  if (target.parent->filesystem().device != source.parent->filesystem().device) return refuse(EXDEV);
  if (source.node->filesystem().read_only) return refuse(EROFS);
  if (target.node == nullptr && target.must_be_directory && !source.node->is_directory()) return refuse(ENOTDIR);
  TRY(source.parent->rename(task, source.name, *target.parent, target.name, flags));
  follow_renaming(task.process, source.path, target.path, how);
  return {};
}

Result<void> Namespace::link(Task& task, const std::string& from_base, const std::string& from,
                             const std::string& to_base, const std::string& to, LastLink last) {
  const Resolved source = TRY(resolve(task, from_base, from, last));
  const Resolved target = TRY(resolve(task, to_base, to, LastLink::keep));
  if (target.node != nullptr || target.file) return refuse(EEXIST);
  if (source.file && source.file->host_descriptor >= 0) {
    if (!target.host) return refuse(EXDEV);
    return link_on_host("/proc/self/fd/" + std::to_string(source.file->host_descriptor), target.host_path(),
                        AT_SYMLINK_FOLLOW);
  }
  if (source.host && target.host)
    return link_on_host(source.host_path(), target.host_path(), last == LastLink::follow ? AT_SYMLINK_FOLLOW : 0);
  if (source.host || target.host) return refuse(EXDEV);
  NodeRef node = source.node;
  if (source.file) {
    NodeFile* const file = source.file->as_node_file();
    node = file != nullptr ? file->shared_node() : nullptr;
  }
  if (node == nullptr) return refuse(ENOENT);
  if (node->filesystem().device != target.parent->filesystem().device) return refuse(EXDEV);
  return target.parent->link(task, target.name, node);
}
}  // namespace cloister::vfs
