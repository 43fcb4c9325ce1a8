// SPDX-License-Identifier: Apache-2.0
// What a policy adds to the measured tree: files in enclave memory, and the directory to start in.
#include <algorithm>
#include <cerrno>
#include "abi/enclave_layout.h"
#include "src/enclave/kernel/memory_share.h"
#include "src/enclave/vfs/namespace.h"
#include "src/enclave/vfs/tmpfs_file.h"
#include "src/enclave/vfs/tree_building.h"

namespace cloister::vfs {
namespace {
constexpr int kMaxInjectionLinks = 40;  // as in path resolution

bool is_synthesised(const Node& node) {
  const std::uint64_t device = node.filesystem().device;
  return device == kProcfs.device || device == kSysfs.device || device == kDevfs.device;
}

Result<NodeRef> existing_child(Task& task, Node& directory, const std::string& name) {
  auto child = directory.child(task, name);
  if (!child.ok() && child.error().errno_value() == ENOENT) return NodeRef();
  return child;
}

// Code stays what was measured: the program, and what has a rewrite plan.
Result<void> check_replaceable(const LaunchManifest& manifest, const std::string& path, const NodeRef& existing) {
  if (existing == nullptr) return {};
  if (existing->is_directory()) return Error::from_errno(EISDIR, "a directory is there");
  const auto file =
      std::lower_bound(manifest.files.begin(), manifest.files.end(), path,
                       [](const MeasuredFile& entry, const std::string& name) { return entry.path < name; });
  if (file == manifest.files.end() || file->path != path) return {};
  if (path == manifest.program || !file->plan.empty())
    return Error::from_errno(EACCES, "measured code is there, which no policy replaces");
  return {};
}
}  // namespace

struct Namespace::InjectionPlace {
  NodeRef directory;
  std::string name;
  std::string path;  // without links on the way
};

Result<Namespace::InjectionPlace> Namespace::find_injection_place(Task& task, const std::string& path) {
  std::vector<std::string> rest = components_of(path);
  std::reverse(rest.begin(), rest.end());
  std::vector<std::pair<NodeRef, std::string>> way = {{root_, ""}};
  const auto descend = [&](const std::string& name) -> Result<void> {
    Node& here = *way.back().first;
    if (is_synthesised(here)) return Error::from_errno(EPERM, "nothing can be put there");
    NodeRef next = enter(here, name);
    if (next == nullptr) return Error::from_errno(ENOTDIR, "a file is on the way");
    way.emplace_back(std::move(next), way.back().second + "/" + name);
    return {};
  };
  for (int links = 0; rest.size() > 1;) {
    const std::string name = rest.back();
    rest.pop_back();
    if (name == ".") continue;
    if (name == "..") {
      if (way.size() > 1) way.pop_back();
      continue;
    }
    const NodeRef child = TRY(existing_child(task, *way.back().first, name));
    if (child == nullptr || !child->is_link()) {
      TRY(descend(name));
      continue;
    }
    if (++links > kMaxInjectionLinks) return Error::from_errno(ELOOP, "too many links are on the way");
    const std::string target = TRY(child->link_target(task));
    if (target.front() == '/') way.resize(1);
    std::vector<std::string> names = components_of(target);
    rest.insert(rest.end(), names.rbegin(), names.rend());
  }
  if (is_synthesised(*way.back().first)) return Error::from_errno(EPERM, "nothing can be put there");
  return InjectionPlace{way.back().first, rest.back(), way.back().second + "/" + rest.back()};
}

Result<void> Namespace::inject(Task& task, const std::string& path, const NewNode& what,
                               std::span<const std::uint8_t> contents) {
  const InjectionPlace place = TRY(find_injection_place(task, path));
  const NodeRef existing = TRY(existing_child(task, *place.directory, place.name));
  TRY(check_replaceable(*manifest_, place.path, existing));
  NodeRef node;
  if (is_in_memory(place.directory->filesystem())) {
    node = static_cast<TmpfsDirectory&>(*place.directory).attach_file(place.name, what);
  } else {
    if (injected_ == nullptr) {
      const std::uint64_t memory_pages = kernel::program_memory_size(manifest_->heap_size) / layout::kPageSize;
      injected_ = make_tmpfs(kInjectedFilesystem, 0700, memory_pages / 2, memory_pages);
    }
    node = static_cast<TmpfsDirectory&>(*injected_).attach_file(place.path, what);
    add_child(*place.directory, place.name, node);
  }
  std::size_t written = 0;
  return static_cast<TmpfsFile&>(*node).write(0, contents.data(), contents.size(), &written);
}

Result<std::string> Namespace::make_start_directory(Task& task, const std::string& path) {
  auto found = directory(task, "/", path);
  if (found.ok() || found.error().errno_value() != ENOENT) return found;
  attach_directory(path);
  return directory(task, "/", path);
}
}  // namespace cloister::vfs
