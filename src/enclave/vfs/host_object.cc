// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/vfs/host_object.h"
#include <fcntl.h>
#include <algorithm>
#include "src/enclave/vfs/host_identity.h"

namespace cloister::vfs {
namespace {
constexpr std::uint32_t kChangeableOnHost = O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME;
}  // namespace

HostObject::HostObject(std::shared_ptr<HostDescriptor> descriptor, const struct stat& status, std::uint32_t flags)
    : descriptor_(std::move(descriptor)),
      type_(status.st_mode & S_IFMT),
      identity_{status.st_dev, status.st_ino, true} {
  host_descriptor = descriptor_->number();
  apply_open_flags(*this, flags);
}

Result<struct stat> HostObject::status() { return host_status(host_descriptor, type_); }

// Host may: give any numbers; they are only shown.
Result<struct statfs> HostObject::filesystem_status() {
  const core::HostAddress structure = core::bounce_buffer() + kStructure;
  TRY(quick_host_call(HostCall::fstatfs, host(), structure));
  struct statfs status;
  core::copy_from_host(&status, structure, sizeof status);
  for (auto& spare : status.f_spare) spare = 0;
  return status;
}

Result<void> HostObject::synchronise(bool data_only) {
  TRY(blocking_host_call(data_only ? HostCall::fdatasync : HostCall::fsync, host()));
  return {};
}

Result<void> HostObject::set_status_flags(std::uint32_t flags) {
  const std::uint32_t old = status_flags.load(std::memory_order_relaxed);
  const std::uint32_t wanted = (old & ~kChangeableOnHost) | (flags & kChangeableOnHost);
  TRY(quick_host_call(HostCall::fcntl_set_flags, host(), F_SETFL, wanted & kChangeableOnHost));
  status_flags.store(wanted, std::memory_order_relaxed);
  return {};
}

Result<void> HostObject::change_mode(std::uint32_t mode) {
  apply_host_identity(*kernel::current_task());
  TRY(quick_host_call(HostCall::fchmod, host(), mode));
  return {};
}

Result<void> HostObject::change_owner(std::uint32_t user, std::uint32_t group) {
  apply_host_identity(*kernel::current_task());
  const core::HostAddress empty = TRY(stage_text(kFirstPath, ""));
  TRY(quick_host_call(HostCall::fchownat, host(), empty, user, group, AT_EMPTY_PATH));
  return {};
}

Result<void> HostObject::set_times(const struct timespec times[2]) {
  apply_host_identity(*kernel::current_task());
  const core::HostAddress structure = core::bounce_buffer() + kStructure;
  core::copy_to_host(structure, times, 2 * sizeof times[0]);
  TRY(quick_host_call(HostCall::utimensat, host(), 0, structure, 0));
  return {};
}

void HostObject::last_close() {
  if (had_host_lock) descriptor_->forbid_late_close();
  core::Task* const task = core::current_thread()->task;  // null when a task's end lets the file go
  if (task != nullptr && task->opened.file == this) task->opened.file = nullptr;  // another file may get its place
  descriptor_.reset();
}

// Host may: return fewer bytes than asked (then the file ended or the stream has no more), more (refused by the table's
// row), or EINTR at any time (a retry, unless the task has work).
Result<std::size_t> transfer_in(HostCall call, std::uint64_t host, const IoVector& to, std::uint64_t offset,
                                Advance advance, Interruptible interruptible) {
  const core::HostAddress bounce = core::bounce_buffer();
  const auto ask = interruptible == Interruptible::yes ? blocking_host_call : quick_host_call;
  std::size_t done = 0;
  do {
    const std::size_t part = std::min<std::size_t>(kBounceSize, to.size() - done);
    const auto got = ask(call, host, bounce, part, offset + done * static_cast<std::uint64_t>(advance), {}, {});
    if (!got.ok()) {
      if (done > 0) break;
      return got.error();
    }
    const auto size = static_cast<std::size_t>(got.value());
    if (const auto filled = to.fill_from_host(done, bounce, size); !filled.ok()) {
      if (done > 0) break;
      return filled.error();
    }
    core::current_thread()->bytes_in += size;
    done += size;
    if (size < part) break;
  } while (done < to.size());
  return done;
}

Result<std::size_t> transfer_out(HostCall call, std::uint64_t host, const IoVector& from, std::uint64_t offset,
                                 Advance advance, Interruptible interruptible) {
  const core::HostAddress bounce = core::bounce_buffer();
  const auto ask = interruptible == Interruptible::yes ? blocking_host_call : quick_host_call;
  std::size_t done = 0;
  do {
    const std::size_t part = std::min<std::size_t>(kBounceSize, from.size() - done);
    if (const auto fetched = from.fetch_to_host(done, bounce, part); !fetched.ok()) {
      if (done > 0) break;
      return fetched.error();
    }
    const auto put = ask(call, host, bounce, part, offset + done * static_cast<std::uint64_t>(advance), {}, {});
    if (!put.ok()) {
      if (done > 0) break;
      return put.error();
    }
    const auto size = static_cast<std::size_t>(put.value());
    core::current_thread()->bytes_out += size;
    done += size;
    if (size < part) break;
  } while (done < from.size());
  return done;
}
}  // namespace cloister::vfs
