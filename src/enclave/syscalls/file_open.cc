// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/memfd.h>
#include <linux/openat2.h>
#include <algorithm>
#include <cstring>
#include "src/enclave/syscalls/file_access.h"
#include "src/enclave/syscalls/file_handlers.h"
#include "src/enclave/vfs/file_reclaim.h"
#include "src/enclave/vfs/tmpfs_file.h"

namespace cloister::syscalls {

SysResult sys_openat(Task& task, int directory, ProgramAddress path, std::uint32_t flags, std::uint32_t mode) {
  vfs::reclaim_files();
  const PathArgument argument = TRY(load_path(task, directory, path));
  return install_descriptor(task, TRY(task.process.files->open(task, argument.base, argument.path, flags, mode)),
                            flags);
}

SysResult sys_open(Task& task, ProgramAddress path, std::uint32_t flags, std::uint32_t mode) {
  return sys_openat(task, AT_FDCWD, path, flags, mode);
}
SysResult sys_creat(Task& task, ProgramAddress path, std::uint32_t mode) {
  return sys_openat(task, AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

// Ways of resolving that only the caller's own walk could keep to are not offered.
SysResult sys_openat2(Task& task, int directory, ProgramAddress path, ProgramAddress how_address, std::uint64_t size) {
  if (size < sizeof(open_how)) return Error::from_errno(EINVAL);
  if (size > 4096) return Error::from_errno(E2BIG);
  const open_how how = TRY(how_address.load<open_how>());
  for (std::uint64_t at = sizeof how; at < size; ++at)
    if (TRY((how_address + at).load<std::uint8_t>()) != 0) return Error::from_errno(E2BIG);
  const bool creates = (how.flags & O_CREAT) != 0 || (how.flags & O_TMPFILE) == O_TMPFILE;
  if (how.flags > UINT32_MAX || (how.mode & ~07777ULL) != 0 || (how.mode != 0 && !creates))
    return Error::from_errno(EINVAL);
  if (how.resolve != 0) return Error::from_errno(ENOSYS);
  return sys_openat(task, directory, path, static_cast<std::uint32_t>(how.flags), static_cast<std::uint32_t>(how.mode));
}

SysResult sys_close(Task& task, int descriptor) {
  TRY(task.process.descriptors.close(descriptor));
  return 0;
}

SysResult sys_close_range(Task& task, std::uint32_t first, std::uint32_t last, std::uint32_t flags) {
  if ((flags & ~(CLOSE_RANGE_CLOEXEC | CLOSE_RANGE_UNSHARE)) != 0 || first > last) return Error::from_errno(EINVAL);
  for (const int descriptor : task.process.descriptors.open_descriptors()) {
    const auto number = static_cast<std::uint32_t>(descriptor);
    if (number < first || number > last) continue;
    // Another thread may have closed it meanwhile, which is what was wanted.
    if ((flags & CLOSE_RANGE_CLOEXEC) != 0)
      (void)task.process.descriptors.set_close_on_exec(descriptor, kernel::CloseOnExec::yes).ok();
    else
      (void)task.process.descriptors.close(descriptor).ok();
  }
  return 0;
}

SysResult sys_memfd_create(Task& task, ProgramAddress name_address, std::uint32_t flags) {
  constexpr std::uint32_t kNoExecSeal = 8, kExec = 16;
  if ((flags & ~(MFD_CLOEXEC | MFD_ALLOW_SEALING | kNoExecSeal | kExec)) != 0) return Error::from_errno(EINVAL);
  constexpr std::size_t kNameLimit = 250;
  const auto name = name_address.load_string(kNameLimit);
  if (!name.ok())
    return Error::from_errno(name.error().errno_value() == ENAMETOOLONG ? EINVAL : name.error().errno_value());
  std::uint32_t user, group;
  {
    const std::lock_guard guard(task.process.mutex);
    user = task.process.credentials.fsuid;
    group = task.process.credentials.fsgid;
  }
  const std::uint64_t memory_pages = task.process.memory->memory_size() / layout::kPageSize;
  auto state = std::make_shared<vfs::TmpfsState>(memory_pages, memory_pages);
  const vfs::NewNode what{S_IFREG | ((flags & kNoExecSeal) != 0 ? 0666u : 0777u), user, group, ""};
  auto node = std::make_shared<vfs::TmpfsFile>(vfs::kMemfdFilesystem, std::move(state), what);
  if ((flags & (MFD_ALLOW_SEALING | kNoExecSeal)) != 0) node->make_sealable();
  vfs::FileRef file = TRY(node->open(task, O_RDWR));
  file->set_path("/memfd:" + name.value() + " (deleted)");
  return install_descriptor(task, std::move(file), (flags & MFD_CLOEXEC) != 0 ? O_CLOEXEC : 0);
}
}  // namespace cloister::syscalls
