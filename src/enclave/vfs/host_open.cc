// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/vfs/host_open.h"
#include <fcntl.h>
#include <sys/sysmacros.h>
#include <cstdint>
#include "src/boundary/rules.h"
#include "src/enclave/core/opened_file.h"
#include "src/enclave/vfs/devices.h"
#include "src/enclave/vfs/file_reclaim.h"
#include "src/enclave/vfs/host_directory.h"
#include "src/enclave/vfs/host_file.h"
#include "src/enclave/vfs/host_stream.h"

namespace cloister::vfs {
namespace {
constexpr std::uint32_t kPathFlags = O_PATH | O_DIRECTORY | O_NOFOLLOW;
constexpr std::uint32_t kOpenFlags = O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND | O_NONBLOCK |
                                     O_DSYNC | O_SYNC | O_DIRECT | O_DIRECTORY | O_NOFOLLOW | O_NOATIME | O_TMPFILE;

// Unlike openat, openat2 refuses what it does not know and a mode that is not used.
open_how how_of(std::uint32_t flags, std::uint32_t mode, std::uint64_t resolve) {
  open_how how = {};
  how.flags = ((flags & O_PATH) != 0 ? flags & kPathFlags : flags & kOpenFlags) | O_CLOEXEC;
  const bool creates = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
  how.mode = creates && (flags & O_PATH) == 0 ? mode & 07777 : 0;
  how.resolve = resolve;
  return how;
}

struct Opened {
  std::shared_ptr<HostDescriptor> descriptor;
  struct stat status;
  bool alone;                 // this was the only task, before that
  bool was_asked;             // for first bytes
  std::uint64_t first_bytes;  // so many lie in the host block
};

// What can have first bytes that a pread would give.
bool may_be_read(std::uint64_t flags) {
  return (flags & (O_ACCMODE | O_CREAT | O_TRUNC | O_PATH | O_DIRECTORY | O_DIRECT | O_TMPFILE)) == O_RDONLY;
}

// openat2, fstat and perhaps a pread in one exit.
Result<Opened> open_on_host(const std::string& path, const open_how& how) {
  const core::HostAddress staged = TRY(stage_path(kFirstPath, path));
  const core::HostAddress how_at = core::bounce_buffer() + kSecondPath;
  core::copy_to_host(how_at, &how, sizeof how);
  const bool alone = is_only_task();
  const core::HostAddress first =
      alone && may_be_read(how.flags) ? core::place_for_first_bytes(core::current_thread()) : core::HostAddress();
  core::OpeningAnswer said;
  const auto number = static_cast<int>(TRY(blocking_result(core::interruptible_opening_host_call(
      staged, how_at, sizeof how, core::bounce_buffer() + kStructure, first, &said))));
  Opened opened{std::make_shared<HostDescriptor>(number), {}, alone, !first.is_null(), said.first_bytes};
  if (said.status == 0)
    opened.status = take_status(HostCall::openat2);
  else
    opened.status = TRY(host_status(number, 0));  // once more, for a network's file system
  return opened;
}

FileRef make_file(std::shared_ptr<HostDescriptor> descriptor, const struct stat& status, std::uint32_t flags,
                  std::vector<DirectoryEntry> ours) {
  if ((flags & O_PATH) == 0) {
    if (S_ISREG(status.st_mode) || S_ISBLK(status.st_mode))
      return FileRef(new HostFile(std::move(descriptor), status, flags));
    if (!S_ISDIR(status.st_mode)) return FileRef(new HostStream(std::move(descriptor), status, flags));
  }
  if (S_ISDIR(status.st_mode)) return FileRef(new HostDirectory(std::move(descriptor), status, flags, std::move(ours)));
  return FileRef(new HostObject(std::move(descriptor), status, flags));
}

// O_DIRECTORY opens nothing but directories (O_TMPFILE has its bit, too), and none is opened for writing.
void check_type(const struct stat& status, std::uint32_t flags) {
  const bool is_directory = S_ISDIR(status.st_mode), wants_path = (flags & O_PATH) != 0;
  const bool wants_directory = (flags & O_DIRECTORY) != 0 && (wants_path || (flags & O_TMPFILE) != O_TMPFILE);
  if (wants_directory && !is_directory) core::host_lied(HostCall::openat2, "a directory that is none");
  if (is_directory && !wants_path && (flags & O_ACCMODE) != O_RDONLY)
    core::host_lied(HostCall::openat2, "a directory that is open for writing");
}

// Host may: open something else than the path names. Below an insecure host path that is its right; the type only
// decides which object serves it.
FileRef wrap(Opened opened, std::uint32_t flags, std::string path, std::vector<DirectoryEntry> ours) {
  check_type(opened.status, flags);
  if (S_ISREG(opened.status.st_mode) && (flags & (O_ACCMODE | O_PATH)) == O_RDONLY)
    opened.descriptor->allow_late_close();
  FileRef file = make_file(std::move(opened.descriptor), opened.status, flags, std::move(ours));
  core::note_opened_file(core::current_thread(),
                         {opened.alone && !S_ISCHR(opened.status.st_mode) ? file.get() : nullptr, opened.status,
                          opened.was_asked, opened.first_bytes});
  file->set_path(std::move(path));
  return file;
}

// The devices that are there inside, too; anything else is taken for a terminal.
const char* device_name(dev_t number) {
  constexpr unsigned kMemory = 1;
  if (major(number) == kMemory) switch (minor(number)) {
      case 3: return "/dev/null";
      case 5: return "/dev/zero";
      case 7: return "/dev/full";
      case 8: return "/dev/random";
      case 9: return "/dev/urandom";
      default: break;
    }
  return kTerminalPath;
}

std::string link_to(int host_descriptor) { return "/proc/self/fd/" + std::to_string(host_descriptor); }

std::string stream_name(const struct stat& status, int number) {
  const char* const kind = S_ISFIFO(status.st_mode) ? "pipe:[" : S_ISSOCK(status.st_mode) ? "socket:[" : nullptr;
  if (kind != nullptr) return kind + std::to_string(status.st_ino) + "]";
  if (S_ISCHR(status.st_mode)) return device_name(status.st_rdev);
  return "/dev/fd/" + std::to_string(number);
}
}  // namespace

Result<FileRef> open_host_path(std::string path, std::uint32_t flags, std::uint32_t mode,
                               std::vector<DirectoryEntry> ours) {
  Opened opened = TRY(open_on_host(path, how_of(flags, mode, RESOLVE_NO_MAGICLINKS)));
  return wrap(std::move(opened), flags, std::move(path), std::move(ours));
}

Result<FileRef> reopen_host_file(int host_descriptor, const std::string& path, std::uint32_t flags) {
  Opened opened = TRY(open_on_host(link_to(host_descriptor),
                                   how_of(flags & ~static_cast<std::uint32_t>(O_CREAT | O_EXCL | O_NOFOLLOW), 0, 0)));
  return wrap(std::move(opened), flags, path, {});
}

Result<std::shared_ptr<HostDescriptor>> open_for_pages(int host_descriptor) {
  auto descriptor = std::make_shared<HostDescriptor>(TRY(host_open(link_to(host_descriptor), how_of(O_RDWR, 0, 0))));
  TRY(host_status(descriptor->number(), S_IFREG));
  return descriptor;
}

Result<FileRef> adopt_standard_stream(int host_descriptor) {
  core::adopt_host_descriptor(HostCall::fcntl, static_cast<std::uint64_t>(host_descriptor));
  const struct stat status = TRY(host_status(host_descriptor, 0));
  const std::int64_t all =
      TRY(quick_host_call(HostCall::fcntl_get_flags, static_cast<std::uint64_t>(host_descriptor), F_GETFL));
  if (CLOISTER_KEEPS(I_1) && all > INT32_MAX) core::host_lied(HostCall::fcntl, "flags that no open file has");
  const auto flags = static_cast<std::uint32_t>(all);
  // Not earlier: after an error it stays open, for the line that tells of it.
  auto descriptor = std::make_shared<HostDescriptor>(host_descriptor);
  FileRef file = make_file(std::move(descriptor), status, flags & ~static_cast<std::uint32_t>(O_PATH), {});
  file->set_path(stream_name(status, host_descriptor));
  return file;
}
}  // namespace cloister::vfs
