// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/vfs/host_calls.h"
#include <fcntl.h>
#include <cerrno>
#include <utility>
#include "src/enclave/core/task.h"
#include "src/enclave/vfs/file_reclaim.h"
#include "src/enclave/vfs/host_locations.h"

namespace cloister::vfs {
struct stat take_status(HostCall call) {
  struct stat status;
  core::copy_from_host(&status, core::bounce_buffer() + kStructure, sizeof status);
  constexpr long kNanoseconds = 1'000'000'000;
  if (status.st_size < 0 || status.st_blksize <= 0 || status.st_blocks < 0) core::host_lied(call, "negative size");
  for (const timespec& time : {status.st_atim, status.st_mtim, status.st_ctim})
    if (time.tv_nsec < 0 || time.tv_nsec >= kNanoseconds) core::host_lied(call, "time out of range");
  switch (status.st_mode & S_IFMT) {
    case S_IFREG:
    case S_IFDIR:
    case S_IFLNK:
    case S_IFCHR:
    case S_IFBLK:
    case S_IFIFO:
    case S_IFSOCK: break;
    case 0: break;  // anonymous inodes have no type
    default: core::host_lied(call, "no such file type");
  }
  for (long& hole : status.__glibc_reserved) hole = 0;
  return status;
}

Result<std::int64_t> quick_host_call(HostCall call, core::HostArgument a0, core::HostArgument a1, core::HostArgument a2,
                                     core::HostArgument a3, core::HostArgument a4, core::HostArgument a5) {
  for (;;) {
    const long result = core::host_call(call, a0, a1, a2, a3, a4, a5);
    if (result >= 0) return result;
    if (result != -EINTR) return Error::from_errno(static_cast<int>(-result));
    core::fetch_host_signals(core::current_thread());
  }
}

Result<std::int64_t> blocking_host_call(HostCall call, core::HostArgument a0, core::HostArgument a1,
                                        core::HostArgument a2, core::HostArgument a3, core::HostArgument a4,
                                        core::HostArgument a5) {
  return blocking_result(core::interruptible_host_call(call, a0, a1, a2, a3, a4, a5));
}

Result<std::int64_t> blocking_result(long result) {
  if (result >= 0) return result;
  return Error::from_errno(static_cast<int>(result == -EINTR ? -core::kRestartSys : -result));
}

// The number is free from the moment the host closes it, so it is forgotten first. EINTR has closed it as well.
Result<void> close_host_descriptor(int descriptor) {
  core::forget_host_descriptor(static_cast<std::uint64_t>(descriptor));
  const long result = core::host_call(HostCall::close, static_cast<std::uint64_t>(descriptor));
  if (result < 0 && result != -EINTR) return Error::from_errno(static_cast<int>(-result));
  return {};
}

void close_host_descriptor_later(int descriptor) {
  core::Thread* const thread = core::current_thread();
  if (thread->closing != 0 || !is_only_task()) {
    (void)close_host_descriptor(descriptor);
    return;
  }
  core::forget_host_descriptor(static_cast<std::uint64_t>(descriptor));
  thread->closing = static_cast<std::uint64_t>(descriptor) + 1;
}

void finish_late_close() {
  core::Thread* const thread = core::current_thread();
  const std::uint64_t closing = std::exchange(thread->closing, 0);
  if (closing != 0) core::host_call(HostCall::close, closing - 1);
}

Result<core::HostAddress> stage_path(std::uint64_t offset, const std::string& path) {
  const auto elsewhere = located_elsewhere(path);
  return stage_text(offset, elsewhere ? *elsewhere : path);
}

Result<core::HostAddress> stage_text(std::uint64_t offset, const std::string& text) {
  if (text.size() >= 4096) return Error::from_errno(ENAMETOOLONG);
  return core::stage_string(offset, text.c_str(), text.size() + 1);
}

Result<struct stat> host_status(int descriptor, std::uint32_t type) {
  TRY(quick_host_call(HostCall::fstat, static_cast<std::uint64_t>(descriptor), core::bounce_buffer() + kStructure));
  struct stat status = take_status(HostCall::fstat);
  if (type != 0 && (status.st_mode & S_IFMT) != type) core::host_lied(HostCall::fstat, "an open file changed its type");
  return status;
}

Result<int> host_open(const std::string& path, const open_how& how) {
  const core::HostAddress staged = TRY(stage_path(kFirstPath, path));
  const core::HostAddress structure = core::bounce_buffer() + kStructure;
  core::copy_to_host(structure, &how, sizeof how);
  return static_cast<int>(
      TRY(quick_host_call(HostCall::openat2, static_cast<std::uint64_t>(AT_FDCWD), staged, structure, sizeof how)));
}

Result<struct stat> host_path_status(const std::string& path, int flags) {
  const core::HostAddress staged = TRY(stage_path(kFirstPath, path));
  TRY(quick_host_call(HostCall::newfstatat, static_cast<std::uint64_t>(AT_FDCWD), staged,
                      core::bounce_buffer() + kStructure, static_cast<std::uint64_t>(flags)));
  return take_status(HostCall::newfstatat);
}

BounceKeeper::BounceKeeper(std::size_t size) : size_(size), kept_(new std::uint8_t[size]) {
  core::copy_from_host(kept_.get(), core::bounce_buffer(), size);
}
BounceKeeper::~BounceKeeper() { core::copy_to_host(core::bounce_buffer(), kept_.get(), size_); }

void print_line(const std::string& line) {
  const std::string text = "cloister: " + line + "\n";
  const BounceKeeper keeper(text.size() + 8);
  core::print_to_host(core::PrintStream::error, text.data(), text.size());
}
}  // namespace cloister::vfs
