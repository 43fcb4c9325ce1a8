// SPDX-License-Identifier: Apache-2.0
// How the tree is built from the manifest.
#include "src/enclave/vfs/namespace.h"
#include <fcntl.h>
#include <algorithm>
#include "src/base/path.h"
#include "src/enclave/core/check.h"
#include "src/enclave/kernel/memory_share.h"
#include "src/enclave/kernel/task.h"
#include "src/enclave/vfs/devices.h"
#include "src/enclave/vfs/host_identity.h"
#include "src/enclave/vfs/measured_node.h"
#include "src/enclave/vfs/procfs.h"
#include "src/enclave/vfs/sysfs.h"
#include "src/enclave/vfs/tmpfs.h"
#include "src/enclave/vfs/tree_building.h"

namespace cloister::vfs {
void Namespace::attach(const std::string& path, NodeRef node) {
  const std::vector<std::string> names = components_of(path);
  if (names.empty()) return;
  NodeRef directory = root_;
  for (std::size_t i = 0; i + 1 < names.size() && directory != nullptr; ++i) directory = enter(*directory, names[i]);
  if (directory != nullptr) add_child(*directory, names.back(), std::move(node));
}

void Namespace::attach_directory(const std::string& path) {
  NodeRef directory = root_;
  for (const std::string& name : components_of(path))
    if (directory != nullptr) directory = enter(*directory, name);
}

// Host paths come in ascending order, so that what lies below one is entered after it and inherits from it.
void Namespace::add_host_path(const std::string& path) {
  const std::vector<std::string> names = components_of(path);
  mounts_.push_back({path, "host", "rw", kMeasuredFilesystem.device});
  if (names.empty()) return;  // "/" itself: the root was made so
  NodeRef directory = root_;
  for (std::size_t i = 0; i + 1 < names.size() && directory != nullptr; ++i) directory = enter(*directory, names[i]);
  if (directory == nullptr) return;
  // Below another host path there is nothing to add, unless a file system of ours lies there.
  if (directory->is_host_backed() && static_cast<StaticDirectory&>(*directory).find(names.back()) == nullptr) return;
  add_child(*directory, names.back(), std::make_shared<StaticDirectory>(kMeasuredFilesystem, HostBacked::yes));
}

Namespace::Namespace(std::shared_ptr<const LaunchManifest> manifest) : manifest_(std::move(manifest)) {
  const std::vector<std::string>& host_paths = manifest_->insecure_host_paths;
  const auto covers = [&](const std::string& path) {
    return std::any_of(host_paths.begin(), host_paths.end(),
                       [&](const std::string& host) { return is_at_or_below(path, host); });
  };
  const std::uint64_t memory_pages = kernel::program_memory_size(manifest_->heap_size) / layout::kPageSize;
  const std::uint64_t limit = memory_pages / 2;
  root_ = std::make_shared<StaticDirectory>(kMeasuredFilesystem, covers("/") ? HostBacked::yes : HostBacked::no);
  mounts_.push_back({"/", "cloister", "ro", kMeasuredFilesystem.device});
  attach("/proc", make_procfs());
  mounts_.push_back({"/proc", "proc", "rw", kProcfs.device});
  attach("/sys", make_sysfs());
  mounts_.push_back({"/sys", "sysfs", "ro", kSysfs.device});
  attach("/dev", make_devfs(make_tmpfs(kSharedMemory, 01777, limit, memory_pages)));
  mounts_.push_back({"/dev", "devtmpfs", "rw", kDevfs.device});
  mounts_.push_back({"/dev/shm", "tmpfs", "rw", kSharedMemory.device});
  const auto add_tmpfs = [&](const std::string& path, const Filesystem& filesystem, std::uint32_t mode) {
    attach(path, make_tmpfs(filesystem, mode, limit, memory_pages));
    mounts_.push_back({path, "tmpfs", "rw", filesystem.device});
  };
  if (!covers("/tmp")) add_tmpfs("/tmp", kTmpfs, 01777);
  ENCLAVE_CHECK(manifest_->tmpfs.size() <= kMaxMemoryMounts);
  for (std::size_t i = 0; i < manifest_->tmpfs.size(); ++i)
    if (manifest_->tmpfs[i] != "/tmp") add_tmpfs(manifest_->tmpfs[i], kMemoryMounts[i], 0755);
  std::vector<std::string> ascending = host_paths;
  std::sort(ascending.begin(), ascending.end());
  for (const std::string& path : ascending) add_host_path(path);
  for (const std::string& path : manifest_->directories) attach_directory(path);
  for (const MeasuredFile& file : manifest_->files) {
    // A changed program must not run on, whatever the error would be for; a data file's reader can tell.
    const Mismatch mismatch = file.path == manifest_->program || !file.plan.empty() ? Mismatch::stop : Mismatch::error;
    attach(file.path, std::make_shared<MeasuredNode>(std::shared_ptr<const MeasuredFile>(manifest_, &file), mismatch));
  }
  for (const MeasuredLink& link : manifest_->links)
    attach(link.path, std::make_shared<StaticLink>(kMeasuredFilesystem, link.target));
}

Result<Resolved> Namespace::resolve(Task& task, const std::string& base, const std::string& path, LastLink last) {
  TRY(apply_host_identity(task, base, path));
  return resolve_path(task, root_, base, path, last);
}

Result<std::string> base_of(Task& task, int directory, const std::string& path) {
  if (!path.empty() && path.front() == '/') return std::string("/");
  if (directory == AT_FDCWD) {
    const std::lock_guard guard(task.process.mutex);
    return task.process.working_directory;
  }
  const FileRef file = TRY(task.process.descriptors.get(directory));
  if (!file->is_directory()) return Error::from_errno(ENOTDIR);
  return file->path();
}
}  // namespace cloister::vfs
