// SPDX-License-Identifier: Apache-2.0
// What the file handlers share: descriptors to files, new descriptors, paths of *at calls. Trusted, kernel storey.
#pragma once
#include "src/enclave/syscalls/handlers.h"
#include "src/enclave/vfs/namespace.h"

namespace cloister::syscalls {
// EBADF for what is not open, or was opened with O_PATH.
Result<vfs::FileRef> find_file(Task& task, int descriptor);
Result<vfs::FileRef> find_readable(Task& task, int descriptor);
Result<vfs::FileRef> find_writable(Task& task, int descriptor);
// Also O_PATH.
Result<vfs::FileRef> find_any_file(Task& task, int descriptor);
// A file for the time of one call, protected by the task's hazard pointer as on the fast path: no lock, no reference.
class UsedFile {
 public:
  // Null: EBADF.
  UsedFile(Task& task, int descriptor)
      : task_(task),
        file_(static_cast<vfs::OpenFile*>(core::acquire_file(&task, static_cast<std::uint32_t>(descriptor)))) {}
  ~UsedFile();
  UsedFile(const UsedFile&) = delete;
  UsedFile& operator=(const UsedFile&) = delete;
  explicit operator bool() const { return file_ != nullptr; }
  bool is_readable() const { return file_ != nullptr && file_->readable; }
  bool is_writable() const { return file_ != nullptr && file_->writable; }
  vfs::OpenFile* operator->() const { return file_; }
  vfs::OpenFile& operator*() const { return *file_; }

 private:
  Task& task_;
  vfs::OpenFile* const file_;
};
// The lowest free descriptor for `file`; O_CLOEXEC of `flags` decides what exec does with it.
SysResult install_descriptor(Task& task, vfs::FileRef file, std::uint32_t flags);

// A path argument with the directory that it starts from.
struct PathArgument {
  std::string base, path;
};
Result<PathArgument> load_path(Task& task, int directory, ProgramAddress path);
// An object named by directory, path and flags: with AT_EMPTY_PATH and an empty path it is the directory's own file (a
// working directory has none: then `path` is set).
struct ObjectArgument {
  vfs::FileRef file;
  PathArgument path;
};
Result<ObjectArgument> load_object(Task& task, int directory, ProgramAddress path, int flags);
inline vfs::LastLink last_link(int flags, int no_follow_flag) {
  return (flags & no_follow_flag) != 0 ? vfs::LastLink::keep : vfs::LastLink::follow;
}
}  // namespace cloister::syscalls
