// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/vfs/host_mapped_file.h"
#include <algorithm>
#include <cstring>
#include "src/enclave/vfs/locks.h"

namespace cloister::vfs {
namespace {
constexpr std::size_t kBouncePiece = 32 << 10;
}

HostMappedFile::~HostMappedFile() {
  if (writing_ == Writing::allowed) --descriptor_->page_writers;
  keep_while_locked(identity_, std::move(descriptor_));
}

// The program hears of it by SIGBUS alone.
void HostMappedFile::say_unreadable(const Error& error) const {
  if (!was_said_.exchange(true))
    print_line("file cannot be read: " + path_ + ": " + std::strerror(error.errno_value()));
}

Result<void> HostMappedFile::read_pages(std::uint64_t offset, void* to, std::size_t size) {
  auto result = read_all(offset, to, size);
  if (!result.ok()) say_unreadable(result.error());
  return result;
}

// Runs inside page faults, and those inside copies from the bounce buffer.
// Host may: shorten the file meanwhile; what is missing reads as zeros.
Result<void> HostMappedFile::read_all(std::uint64_t offset, void* to, std::size_t size) {
  auto* bytes = static_cast<std::uint8_t*>(to);
  const BounceKeeper keeper(std::min(size, kBouncePiece));
  const core::HostAddress bounce = core::bounce_buffer();
  std::size_t done = 0;
  while (done < size) {
    const std::size_t part = std::min(kBouncePiece, size - done);
    const auto got = static_cast<std::size_t>(TRY(quick_host_call(
        HostCall::pread64, static_cast<std::uint64_t>(descriptor_->number()), bounce, part, offset + done)));
    if (got == 0) break;
    core::copy_from_host(bytes + done, bounce, got);
    done += got;
  }
  std::memset(bytes + done, 0, size - done);
  return {};
}

// Host may: take fewer bytes (then the rest follows) or none (then the file cannot grow, as a full disk).
Result<void> HostMappedFile::write_pages(std::uint64_t offset, const void* from, std::size_t size) {
  const auto* bytes = static_cast<const std::uint8_t*>(from);
  const BounceKeeper keeper(std::min(size, kBouncePiece));
  const core::HostAddress bounce = core::bounce_buffer();
  for (std::size_t done = 0; done < size;) {
    const std::size_t part = std::min(kBouncePiece, size - done);
    core::copy_to_host(bounce, bytes + done, part);
    const auto put = static_cast<std::size_t>(TRY(quick_host_call(
        HostCall::pwrite64, static_cast<std::uint64_t>(descriptor_->number()), bounce, part, offset + done)));
    if (put == 0) return Error::from_errno(EIO);
    done += put;
  }
  return {};
}

std::uint64_t HostMappedFile::size() const {
  const BounceKeeper keeper(kStructure + sizeof(struct stat));
  const auto status = host_status(descriptor_->number(), 0);
  if (status.ok()) return static_cast<std::uint64_t>(status.value().st_size);
  say_unreadable(status.error());
  return 0;
}
}  // namespace cloister::vfs
