// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/vfs/host_file.h"
#include <fcntl.h>
#include <unistd.h>
#include <algorithm>
#include "src/enclave/vfs/host_mapped_file.h"
#include "src/enclave/vfs/host_open.h"
#include "src/enclave/vfs/shared_pages.h"

namespace cloister::vfs {
namespace {
// Flags of a description that decide where or how pwrite64 writes.
constexpr std::uint32_t kWritesOtherwise = O_APPEND | O_DIRECT;
}  // namespace

HostFile::HostFile(std::shared_ptr<HostDescriptor> descriptor, const struct stat& status, std::uint32_t flags)
    : HostObject(std::move(descriptor), status, flags) {
  is_host_regular = true;
  // What a shared mapping shows, calls must not read past it: they take the way through here.
  kind = is_shown(identity_key()) ? core::FileKind::other : core::FileKind::host_regular;
}

kernel::FileKey HostFile::identity_key() { return key_of(identity().value()); }

Result<std::size_t> HostFile::read(Task&, const IoVector& to) {
  settle_pages(identity_key());
  return transfer_in(HostCall::read_of_file, host(), to, 0, Advance::no, Interruptible::no);
}
// Where the data went is known afterwards: with O_APPEND the host chooses.
Result<std::size_t> HostFile::write(Task&, const IoVector& from) {
  if (kind == core::FileKind::host_regular)
    return transfer_out(HostCall::write_of_file, host(), from, 0, Advance::no, Interruptible::no);
  settle_pages(identity_key());
  auto done = transfer_out(HostCall::write_of_file, host(), from, 0, Advance::no, Interruptible::no);
  if (done.ok() && done.value() > 0) {
    const auto end = static_cast<std::uint64_t>(TRY(seek(0, SEEK_CUR)));
    forget_pages(identity_key(), end - std::min<std::uint64_t>(done.value(), end), done.value());
  }
  return done;
}
Result<std::size_t> HostFile::read_at(Task&, const IoVector& to, std::uint64_t offset) {
  settle_pages(identity_key(), offset, to.size());
  return transfer_in(HostCall::pread64, host(), to, offset, Advance::yes, Interruptible::no);
}
Result<std::size_t> HostFile::write_at(Task&, const IoVector& from, std::uint64_t offset) {
  settle_pages(identity_key(), offset, from.size());
  auto done = transfer_out(HostCall::pwrite64, host(), from, offset, Advance::yes, Interruptible::no);
  if (done.ok()) forget_pages(identity_key(), offset, done.value());
  return done;
}
Result<std::int64_t> HostFile::seek(std::int64_t offset, int whence) {
  return quick_host_call(HostCall::lseek, host(), static_cast<std::uint64_t>(offset),
                         static_cast<std::uint64_t>(whence));
}
Result<void> HostFile::truncate(std::uint64_t size) {
  settle_pages(identity_key());
  TRY(quick_host_call(HostCall::ftruncate, host(), size));
  forget_pages(identity_key(), size);
  return {};
}
Result<void> HostFile::allocate(int mode, std::uint64_t offset, std::uint64_t size) {
  settle_pages(identity_key(), offset, size);
  TRY(blocking_host_call(HostCall::fallocate, host(), static_cast<std::uint64_t>(mode), offset, size));
  forget_pages(identity_key(), offset, size);
  return {};
}
Result<std::shared_ptr<kernel::MappedFile>> HostFile::map_file() {
  const auto writing = readable && writable ? HostMappedFile::Writing::allowed : HostMappedFile::Writing::refused;
  const bool writes_otherwise = (status_flags.load(std::memory_order_relaxed) & kWritesOtherwise) != 0;
  auto pages = writing == HostMappedFile::Writing::allowed && writes_otherwise ? TRY(open_for_pages(host_descriptor))
                                                                               : descriptor();
  return std::shared_ptr<kernel::MappedFile>(
      std::make_shared<HostMappedFile>(std::move(pages), identity().value(), path(), writing));
}

// Not while pages are written back through the same description.
Result<void> HostFile::set_status_flags(std::uint32_t flags) {
  const bool is_new = (flags & ~status_flags.load(std::memory_order_relaxed) & kWritesOtherwise) != 0;
  if (is_new && descriptor()->page_writers > 0) return refuse(EINVAL);
  return HostObject::set_status_flags(flags);
}
}  // namespace cloister::vfs
