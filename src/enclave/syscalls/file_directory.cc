// SPDX-License-Identifier: Apache-2.0
// Listing directories, the working directory, the umask.
#include <fcntl.h>
#include <algorithm>
#include <cstring>
#include "src/enclave/syscalls/file_access.h"
#include "src/enclave/syscalls/file_handlers.h"

namespace cloister::syscalls {
namespace {
constexpr std::size_t kRecordLimit = 128 << 10;  // bytes of one call

Result<std::vector<std::uint8_t>> read_records(Task& task, int descriptor, std::uint32_t size) {
  const vfs::FileRef file = TRY(find_file(task, descriptor));
  return file->read_directory(std::min<std::size_t>(size, kRecordLimit));
}

Result<void> enter(Task& task, std::string path) {
  const std::lock_guard guard(task.process.mutex);
  task.process.working_directory = std::move(path);
  return {};
}
}  // namespace

SysResult sys_getdents64(Task& task, int descriptor, ProgramAddress buffer, std::uint32_t size) {
  const auto records = TRY(read_records(task, descriptor, size));
  TRY(buffer.write(records.data(), records.size()));
  return static_cast<std::int64_t>(records.size());
}

// The old record has the name one byte earlier and the type in its last byte; its size is the same.
SysResult sys_getdents(Task& task, int descriptor, ProgramAddress buffer, std::uint32_t size) {
  constexpr std::size_t kSizeAt = 16, kTypeAt = 18, kNameAt = 19;
  auto records = TRY(read_records(task, descriptor, size));
  for (std::size_t at = 0; at < records.size();) {
    std::uint8_t* const record = records.data() + at;
    std::uint16_t record_size;
    std::memcpy(&record_size, record + kSizeAt, sizeof record_size);
    const std::uint8_t type = record[kTypeAt];
    std::memmove(record + kTypeAt, record + kNameAt, record_size - kNameAt);
    record[record_size - 1] = type;
    at += record_size;
  }
  TRY(buffer.write(records.data(), records.size()));
  return static_cast<std::int64_t>(records.size());
}

SysResult sys_getcwd(Task& task, ProgramAddress buffer, std::uint64_t size) {
  const std::string path = TRY(vfs::base_of(task, AT_FDCWD, "."));
  if (size < path.size() + 1) return Error::from_errno(ERANGE);
  TRY(buffer.write(path.c_str(), path.size() + 1));
  return static_cast<std::int64_t>(path.size() + 1);
}

SysResult sys_chdir(Task& task, ProgramAddress path) {
  const PathArgument argument = TRY(load_path(task, AT_FDCWD, path));
  TRY(enter(task, TRY(task.process.files->directory(task, argument.base, argument.path))));
  return 0;
}

SysResult sys_fchdir(Task& task, int descriptor) {
  const vfs::FileRef file = TRY(find_any_file(task, descriptor));
  if (!file->is_directory()) return Error::from_errno(ENOTDIR);
  TRY(enter(task, TRY(task.process.files->directory(task, file->path(), "."))));
  return 0;
}

SysResult sys_umask(Task& task, std::uint32_t mask) {
  const std::lock_guard guard(task.process.mutex);
  const std::uint32_t old = task.process.file_mode_mask;
  task.process.file_mode_mask = mask & 0777;
  return old;
}

SysResult sys_chroot(Task& task, ProgramAddress path) {
  const PathArgument argument = TRY(load_path(task, AT_FDCWD, path));
  TRY(task.process.files->directory(task, argument.base, argument.path));
  return Error::from_errno(EPERM);
}
}  // namespace cloister::syscalls
