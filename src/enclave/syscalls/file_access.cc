// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/syscalls/file_access.h"
#include <fcntl.h>
#include "src/enclave/vfs/file_reclaim.h"

namespace cloister::syscalls {

// Another task may have closed the file meanwhile; then it ends here and not at some later close.
UsedFile::~UsedFile() {
  if (file_ == nullptr) return;
  core::release_file(&task_);
  vfs::reclaim_files();
}

SysResult install_descriptor(Task& task, vfs::FileRef file, std::uint32_t flags) {
  const auto close_on_exec = (flags & O_CLOEXEC) != 0 ? kernel::CloseOnExec::yes : kernel::CloseOnExec::no;
  return TRY(task.process.descriptors.install(std::move(file), close_on_exec));
}

Result<PathArgument> load_path(Task& task, int directory, ProgramAddress path) {
  PathArgument argument;
  argument.path = TRY(path.load_path());
  if (argument.path.empty()) return Error::from_errno(ENOENT);
  argument.base = TRY(vfs::base_of(task, directory, argument.path));
  return argument;
}

Result<ObjectArgument> load_object(Task& task, int directory, ProgramAddress path, int flags) {
  ObjectArgument argument;
  if ((flags & AT_EMPTY_PATH) != 0) {
    // Linux takes a null path for an empty one here.
    const std::string text = path.is_null() ? std::string() : TRY(path.load_path());
    if (text.empty()) {
      if (directory != AT_FDCWD) {
        argument.file = TRY(find_any_file(task, directory));
        return argument;
      }
      argument.path = {TRY(vfs::base_of(task, AT_FDCWD, ".")), "."};
      return argument;
    }
  }
  argument.path = TRY(load_path(task, directory, path));
  return argument;
}
}  // namespace cloister::syscalls
