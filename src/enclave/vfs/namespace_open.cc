// SPDX-License-Identifier: Apache-2.0
// open(2) in all its variants.
#include <fcntl.h>
#include "src/enclave/kernel/task.h"
#include "src/enclave/vfs/host_links.h"
#include "src/enclave/vfs/host_open.h"
#include "src/enclave/vfs/namespace.h"
#include "src/enclave/vfs/node_file.h"
#include "src/enclave/vfs/permissions.h"

namespace cloister::vfs {
namespace {
bool wants(std::uint32_t flags, std::uint32_t flag) { return (flags & flag) == flag; }

unsigned access_of(std::uint32_t flags) {
  switch (flags & O_ACCMODE) {
    case O_RDONLY: return kRead | (wants(flags, O_TRUNC) ? kWrite : 0);
    case O_WRONLY: return kWrite;
    default: return kRead | kWrite;
  }
}

bool is_unnamed(std::uint32_t flags) { return wants(flags, O_TMPFILE); }
bool creates(std::uint32_t flags) { return wants(flags, O_CREAT) && !is_unnamed(flags); }
LastLink last_link_of(std::uint32_t flags) {
  return wants(flags, O_NOFOLLOW) || (creates(flags) && wants(flags, O_EXCL)) ? LastLink::keep : LastLink::follow;
}

NewNode new_file(Task& task, std::uint32_t mode) {
  const kernel::Credentials who = credentials_of(task.process);
  return {S_IFREG | mode, who.fsuid, who.fsgid, ""};
}
}  // namespace

// Where we have a directory of our own it may be that the host has none there.
Result<FileRef> Namespace::open_on_host(Task& task, Resolved&& place, std::uint32_t flags, std::uint32_t mode) {
  std::vector<DirectoryEntry> ours;
  if (place.node != nullptr) ours = TRY(place.node->entries(task));
  auto file = open_host_path(std::move(place).host_path(), flags, mode, std::move(ours));
  if (!file.ok() && file.error().errno_value() == ENOENT && place.node != nullptr && (flags & O_ACCMODE) == O_RDONLY)
    return open_node(task, place.node, flags);
  if (file.ok() && is_synthesised_on_host(*file.value())) {
    std::vector<std::string> own;
    for (const Mount& mount : mounts_)
      if (mount.path != "/") own.push_back(mount.path);
    const auto inside = TRY(follow_into(own, file.value()->path()));
    if (!inside.has_value()) return file;
    // Host may: claim that this, too, lies in its /proc. What is its own again stays as it opened it; no second look.
    const Resolved end = TRY(resolve(task, "/", *inside, last_link_of(flags)));
    if (!end.host) return open_resolved(task, end, flags, mode);
  }
  return file;
}

Result<FileRef> Namespace::open_node(Task& task, const NodeRef& node, std::uint32_t flags) {
  if (wants(flags, O_PATH)) return FileRef(new NodeFile(node, flags));
  const unsigned access = access_of(flags);
  if (node->is_directory() && (access & kWrite) != 0) return refuse(EISDIR);
  if (node->type() == S_IFREG && (access & kWrite) != 0 && node->filesystem().read_only) return refuse(EROFS);
  TRY(vfs::check_access(credentials_of(task.process), TRY(node->status()), access));
  if (wants(flags, O_TRUNC) && node->type() == S_IFREG) TRY(node->set_size(0));
  return node->open(task, flags);
}

// /proc/self/fd/N and /dev/stdin: a new description of the same object where there can be one.
Result<FileRef> Namespace::open_linked(Task& task, const FileRef& file, std::uint32_t flags) {
  if (wants(flags, O_DIRECTORY) && !file->is_directory()) return refuse(ENOTDIR);
  FileRef opened;
  if (NodeFile* const node_file = file->as_node_file()) {
    opened = TRY(open_node(task, node_file->shared_node(), flags));
  } else if (file->is_socket()) {
    return refuse(ENXIO);
  } else if (file->host_descriptor >= 0) {
    return reopen_host_file(file->host_descriptor, file->path(), flags);
  } else {
    // A pipe end or the like: the same description, if it allows what is wanted.
    const unsigned access = access_of(flags & ~static_cast<std::uint32_t>(O_TRUNC));
    if (((access & kRead) != 0 && !file->readable) || ((access & kWrite) != 0 && !file->writable))
      return refuse(EACCES);
    return file;
  }
  opened->set_path(file->path());
  return opened;
}

Result<FileRef> Namespace::open(Task& task, const std::string& base, const std::string& path, std::uint32_t flags,
                                std::uint32_t mode) {
  if (wants(flags, O_PATH)) flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  if (is_unnamed(flags) && (flags & O_ACCMODE) == O_RDONLY) return refuse(EINVAL);
  if (creates(flags) || is_unnamed(flags)) mode = masked(task.process, mode);
  Resolved place = TRY(resolve(task, base, path, last_link_of(flags)));
  return place.host ? open_on_host(task, std::move(place), flags, mode) : open_resolved(task, place, flags, mode);
}

// A place of ours.
Result<FileRef> Namespace::open_resolved(Task& task, const Resolved& place, std::uint32_t flags, std::uint32_t mode) {
  if (place.file) return open_linked(task, place.file, flags);
  FileRef file;
  if (place.node == nullptr) {
    if (!creates(flags)) return refuse(ENOENT);
    if (place.must_be_directory) return refuse(EISDIR);
    if (wants(flags, O_DIRECTORY)) return refuse(EINVAL);
    const NodeRef made = TRY(place.parent->create(task, place.name, new_file(task, mode)));
    file = TRY(made->open(task, flags));  // its mode does not bind who made it
  } else {
    Node& node = *place.node;
    if (creates(flags) && wants(flags, O_EXCL)) return refuse(EEXIST);
    if (node.is_link() && !wants(flags, O_PATH)) return refuse(wants(flags, O_DIRECTORY) ? ENOTDIR : ELOOP);
    if (creates(flags) && node.is_directory()) return refuse(EISDIR);
    if (wants(flags, O_DIRECTORY) && !node.is_directory()) return refuse(ENOTDIR);
    if (is_unnamed(flags)) {
      const NodeRef made = TRY(node.create_unnamed(task, new_file(task, mode)));
      file = TRY(made->open(task, flags & ~static_cast<std::uint32_t>(O_DIRECTORY)));
    } else {
      file = TRY(open_node(task, place.node, flags));
    }
  }
  if (file->path().empty()) file->set_path(place.path);
  return file;
}
}  // namespace cloister::vfs
