// SPDX-License-Identifier: Apache-2.0
// A process's view of files: the closed root. Trusted, kernel storey.
//
// A path is measured, synthesised (/proc, /sys, /dev), memory (/dev/shm; /tmp unless an insecure host path covers it),
// below an insecure host path, or it does not exist. What is measured wins over everything, the named host path that
// lies deepest over what lies around it: `/dev/ttyUSB0` or `/tmp/exchange` can be named although /dev and /tmp are
// ours.
//
// Each operation takes `base`, the absolute path where a relative one starts (base_of for *at calls).
#pragma once
#include <span>
#include "src/enclave/vfs/resolve.h"
#include "src/manifest/launch_manifest.h"

namespace cloister::vfs {
struct Mount {
  std::string path, type, options;
  std::uint64_t device;
};

class Namespace {
 public:
  explicit Namespace(std::shared_ptr<const LaunchManifest> manifest);
  // Puts `node` into /dev. Before the program starts.
  void add_device(const std::string& name, NodeRef node) { attach("/dev/" + name, std::move(node)); }

  // A file in enclave memory at `path`, with the directories on the way; before the program starts. Links on the way
  // are followed, one at the end is replaced, and so is a measured file, unless it is the program or has a rewrite plan
  // (EACCES). EISDIR, ENOTDIR; EPERM in /proc, /sys and /dev; ENOSPC.
  Result<void> inject(Task& task, const std::string& path, const NewNode& what, std::span<const std::uint8_t> contents);
  // The canonical path of the directory, which is made if there is nothing.
  Result<std::string> make_start_directory(Task& task, const std::string& path);

  // As open(2) with its flags; the umask is applied here.
  Result<FileRef> open(Task& task, const std::string& base, const std::string& path, std::uint32_t flags,
                       std::uint32_t mode);
  Result<struct stat> status(Task& task, const std::string& base, const std::string& path, LastLink last);
  Result<struct statfs> filesystem_status(Task& task, const std::string& base, const std::string& path);
  Result<std::string> read_link(Task& task, const std::string& base, const std::string& path);
  // `wanted` as in access(2); `effective` asks for the file-system ids instead of the real ones.
  enum class Ids { real, effective };
  Result<void> check_access(Task& task, const std::string& base, const std::string& path, unsigned wanted, Ids ids,
                            LastLink last);
  // The canonical path of an existing directory that may be entered.
  Result<std::string> directory(Task& task, const std::string& base, const std::string& path);

  Result<void> make_directory(Task& task, const std::string& base, const std::string& path, std::uint32_t mode);
  Result<void> make_node(Task& task, const std::string& base, const std::string& path, std::uint32_t mode);
  Result<void> make_link(Task& task, const std::string& target, const std::string& base, const std::string& path);
  Result<void> remove(Task& task, const std::string& base, const std::string& path, Removal what);
  Result<void> rename(Task& task, const std::string& from_base, const std::string& from, const std::string& to_base,
                      const std::string& to, std::uint32_t flags);
  Result<void> link(Task& task, const std::string& from_base, const std::string& from, const std::string& to_base,
                    const std::string& to, LastLink last);

  Result<void> change_mode(Task& task, const std::string& base, const std::string& path, std::uint32_t mode);
  Result<void> change_owner(Task& task, const std::string& base, const std::string& path, std::uint32_t user,
                            std::uint32_t group, LastLink last);
  Result<void> set_times(Task& task, const std::string& base, const std::string& path, const struct timespec times[2],
                         LastLink last);
  Result<void> truncate(Task& task, const std::string& base, const std::string& path, std::uint64_t size);

  // The host's name for a path below an insecure host path (AF_UNIX sockets); EACCES for every other.
  Result<std::string> host_path(Task& task, const std::string& base, const std::string& path);
  const std::vector<Mount>& mounts() const { return mounts_; }

 private:
  void add_host_path(const std::string& path);
  void attach(const std::string& path, NodeRef node);
  struct InjectionPlace;
  Result<InjectionPlace> find_injection_place(Task& task, const std::string& path);
  void attach_directory(const std::string& path);  // and those on the way; what is there stays
  Result<Resolved> resolve(Task& task, const std::string& base, const std::string& path, LastLink last);
  Result<FileRef> open_on_host(Task& task, Resolved&& place, std::uint32_t flags, std::uint32_t mode);
  Result<FileRef> open_resolved(Task& task, const Resolved& place, std::uint32_t flags, std::uint32_t mode);
  Result<FileRef> open_linked(Task& task, const FileRef& file, std::uint32_t flags);
  Result<FileRef> open_node(Task& task, const NodeRef& node, std::uint32_t flags);

  const std::shared_ptr<const LaunchManifest> manifest_;
  NodeRef root_;
  NodeRef injected_;  // owns the injected files that lie in directories which are no memory; null: none
  std::vector<Mount> mounts_;
};

// Which directory a path of an *at call starts from: EBADF, or ENOTDIR for what is no directory. Not asked for absolute
// paths.
Result<std::string> base_of(Task& task, int directory, const std::string& path);
}  // namespace cloister::vfs
