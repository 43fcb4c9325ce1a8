// SPDX-License-Identifier: Apache-2.0
// Operations that ask for and change what a path names, without opening it.
#include <fcntl.h>
#include "src/enclave/kernel/task.h"
#include "src/enclave/vfs/host_calls.h"
#include "src/enclave/vfs/host_identity.h"
#include "src/enclave/vfs/host_open.h"
#include "src/enclave/vfs/host_paths.h"
#include "src/enclave/vfs/namespace.h"
#include "src/enclave/vfs/node_file.h"
#include "src/enclave/vfs/permissions.h"

namespace cloister::vfs {
namespace {
int host_flags(LastLink last) { return last == LastLink::keep ? AT_SYMLINK_NOFOLLOW : 0; }

// A directory of ours that the host does not have.
bool is_only_ours(const Resolved& place, const Error& error) {
  return place.node != nullptr && error.errno_value() == ENOENT;
}

Result<NodeRef> inside(const Resolved& place) {
  if (place.node == nullptr) return refuse(ENOENT);
  return place.node;
}
}  // namespace

Result<struct stat> Namespace::status(Task& task, const std::string& base, const std::string& path, LastLink last) {
  const Resolved place = TRY(resolve(task, base, path, last));
  if (place.file) return place.file->status();
  if (place.host) {
    auto status = host_path_status(place.host_path(), host_flags(last));
    if (status.ok() || !is_only_ours(place, status.error())) return status;
  }
  return TRY(inside(place))->status();
}

Result<struct statfs> Namespace::filesystem_status(Task& task, const std::string& base, const std::string& path) {
  const Resolved place = TRY(resolve(task, base, path, LastLink::follow));
  if (place.file) return place.file->filesystem_status();
  if (place.host) {
    auto file = open_host_path(place.host_path(), O_PATH, 0);
    if (file.ok()) return file.value()->filesystem_status();
    if (!is_only_ours(place, file.error())) return file.error();
  }
  return TRY(inside(place))->filesystem_status();
}

Result<std::string> Namespace::read_link(Task& task, const std::string& base, const std::string& path) {
  const Resolved place = TRY(resolve(task, base, path, LastLink::keep));
  if (place.host && place.node != nullptr) return refuse(EINVAL);  // a directory
  if (place.host) return read_host_link(place.host_path());
  return TRY(inside(place))->link_target(task);
}

Result<void> Namespace::check_access(Task& task, const std::string& base, const std::string& path, unsigned wanted,
                                     Ids ids, LastLink last) {
  const Resolved place = TRY(resolve(task, base, path, last));
  if (place.file) return {};
  if (place.host) {
    const bool asks_for_applied = ids == Ids::effective || apply_real_host_identity(task);
    const int flags = host_flags(last) | (asks_for_applied ? AT_EACCESS : 0);
    const auto checked = check_host_access(place.host_path(), static_cast<int>(wanted), flags);
    if (checked.ok() || !is_only_ours(place, checked.error())) return checked;
  }
  const NodeRef node = TRY(inside(place));
  const bool is_data = node->type() == S_IFREG || node->is_directory();
  if ((wanted & kWrite) != 0 && is_data && node->filesystem().read_only) return refuse(EROFS);
  kernel::Credentials who = credentials_of(task.process);
  if (ids == Ids::real) {
    who.fsuid = who.uid;
    who.fsgid = who.gid;
    who.effective = who.uid == 0 ? who.permitted : 0;
  }
  return vfs::check_access(who, TRY(node->status()), wanted);
}

Result<std::string> Namespace::directory(Task& task, const std::string& base, const std::string& path) {
  const Resolved place = TRY(resolve(task, base, path, LastLink::follow));
  if (place.file) {
    if (!place.file->is_directory()) return refuse(ENOTDIR);
    return place.file->path();
  }
  if (place.host) {
    const auto status = host_path_status(place.path, 0);
    if (status.ok()) {
      if (!S_ISDIR(status.value().st_mode)) return refuse(ENOTDIR);
      TRY(check_host_access(place.path, kExecute, AT_EACCESS));
      return own_name(task, root_, place);
    }
    if (!is_only_ours(place, status.error())) return status.error();
  }
  const NodeRef node = TRY(inside(place));
  if (!node->is_directory()) return refuse(ENOTDIR);
  TRY(vfs::check_access(credentials_of(task.process), TRY(node->status()), kExecute));
  return place.path;
}

Result<void> Namespace::change_mode(Task& task, const std::string& base, const std::string& path, std::uint32_t mode) {
  const Resolved place = TRY(resolve(task, base, path, LastLink::follow));
  if (place.file) return place.file->change_mode(mode);
  if (place.host) return change_host_mode(place.host_path(), mode & 07777);
  return change_node_mode(task, *TRY(inside(place)), mode);
}

Result<void> Namespace::change_owner(Task& task, const std::string& base, const std::string& path, std::uint32_t user,
                                     std::uint32_t group, LastLink last) {
  const Resolved place = TRY(resolve(task, base, path, last));
  if (place.file) return place.file->change_owner(user, group);
  if (place.host) return change_host_owner(place.host_path(), user, group, host_flags(last));
  return change_node_owner(task, *TRY(inside(place)), user, group);
}

Result<void> Namespace::set_times(Task& task, const std::string& base, const std::string& path,
                                  const struct timespec times[2], LastLink last) {
  const Resolved place = TRY(resolve(task, base, path, last));
  if (place.file) return place.file->set_times(times);
  if (place.host) return set_host_times(place.host_path(), times, host_flags(last));
  return change_node_times(task, *TRY(inside(place)), times);
}

Result<void> Namespace::truncate(Task& task, const std::string& base, const std::string& path, std::uint64_t size) {
  const Resolved place = TRY(resolve(task, base, path, LastLink::follow));
  if (place.host) return TRY(open_host_path(place.host_path(), O_WRONLY, 0))->truncate(size);
  NodeRef node;
  if (place.file) {
    if (place.file->as_node_file() == nullptr) return place.file->truncate(size);
    node = place.file->as_node_file()->shared_node();
  } else {
    node = TRY(inside(place));
  }
  if (node->is_directory()) return refuse(EISDIR);
  if (node->type() != S_IFREG) return refuse(EINVAL);
  if (node->filesystem().read_only) return refuse(EROFS);
  TRY(vfs::check_access(credentials_of(task.process), TRY(node->status()), kWrite));
  return node->set_size(size);
}

Result<std::string> Namespace::host_path(Task& task, const std::string& base, const std::string& path) {
  const Resolved place = TRY(resolve(task, base, path, LastLink::follow));
  if (!place.host || place.node != nullptr)
    return refuse(place.node != nullptr || place.parent != nullptr ? EACCES : ENOENT);
  return place.host_path();
}
}  // namespace cloister::vfs
