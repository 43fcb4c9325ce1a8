// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/vfs/host_directory.h"
#include <dirent.h>
#include <fcntl.h>
#include <algorithm>
#include <cstring>
#include "src/boundary/rules.h"
#include "src/enclave/vfs/filesystem.h"

namespace cloister::vfs {
namespace {
constexpr std::size_t kNameOffset = 19;  // of struct linux_dirent64

[[noreturn]] void malformed() { core::host_lied(HostCall::getdents64, "malformed directory record"); }

std::uint16_t record_size(const std::uint8_t* record) {
  std::uint16_t size;
  std::memcpy(&size, record + 16, sizeof size);
  return size;
}

// The record at `at`, whose name ends within it; its padding is zeroed. Returns its size.
std::size_t check_record(std::span<std::uint8_t> records, std::size_t at) {
  if (records.size() - at < kNameOffset + 1) malformed();
  std::uint8_t* const record = records.data() + at;
  const std::size_t size = record_size(record);
  if (!CLOISTER_KEEPS(I_6)) return size != 0 && size <= records.size() - at ? size : records.size() - at;
  if (size % 8 != 0 || size < kNameOffset + 2 || size > records.size() - at) malformed();
  const std::uint8_t type = record[18];
  if (type != DT_UNKNOWN && type != DT_FIFO && type != DT_CHR && type != DT_DIR && type != DT_BLK && type != DT_REG &&
      type != DT_LNK && type != DT_SOCK)
    malformed();
  auto* const name = reinterpret_cast<char*>(record + kNameOffset);
  const std::size_t length = strnlen(name, size - kNameOffset);
  if (length == 0 || length == size - kNameOffset || length > kNameLimit || std::memchr(name, '/', length) != nullptr)
    malformed();
  std::memset(name + length, 0, size - kNameOffset - length);
  return size;
}
}  // namespace

bool append_directory_record(std::vector<std::uint8_t>& to, std::size_t limit, const DirectoryEntry& entry,
                             std::int64_t next) {
  const std::size_t size = (kNameOffset + entry.name.size() + 1 + 7) / 8 * 8;
  if (size > limit - to.size()) return false;
  const std::size_t at = to.size();
  to.resize(at + size);
  const auto short_size = static_cast<std::uint16_t>(size);
  std::memcpy(to.data() + at, &entry.inode, 8);
  std::memcpy(to.data() + at + 8, &next, 8);
  std::memcpy(to.data() + at + 16, &short_size, 2);
  to[at + 18] = entry.type;
  std::memcpy(to.data() + at + kNameOffset, entry.name.data(), entry.name.size());
  return true;
}

Result<std::vector<std::uint8_t>> list_entries(const std::vector<DirectoryEntry>& entries, std::size_t& position,
                                               std::size_t size) {
  std::vector<std::uint8_t> records;
  while (position < entries.size() &&
         append_directory_record(records, size, entries[position], static_cast<std::int64_t>(position) + 1))
    ++position;
  if (records.empty() && position < entries.size()) return Error::from_errno(EINVAL);
  return records;
}

Result<std::size_t> position_after_seek(std::size_t position, std::int64_t offset, int whence) {
  if (whence != SEEK_SET && whence != SEEK_CUR) return Error::from_errno(EINVAL);
  std::int64_t target;
  if (__builtin_add_overflow(whence == SEEK_CUR ? static_cast<std::int64_t>(position) : 0, offset, &target) ||
      target < 0)
    return Error::from_errno(EINVAL);
  return static_cast<std::size_t>(target);
}

HostDirectory::HostDirectory(std::shared_ptr<HostDescriptor> descriptor, const struct stat& status, std::uint32_t flags,
                             std::vector<DirectoryEntry> ours)
    : HostObject(std::move(descriptor), status, flags), ours_(std::move(ours)) {}

// Host may: return more than asked (refused by the row), records that overlap, run out of the result or name other
// directories.
Result<std::vector<std::uint8_t>> HostDirectory::next_records(std::size_t size) {
  const core::HostAddress bounce = core::bounce_buffer();
  const auto got = static_cast<std::size_t>(
      TRY(quick_host_call(HostCall::getdents64, host(), bounce, std::min<std::size_t>(size, kBounceSize))));
  std::vector<std::uint8_t> records(got);
  core::copy_from_host(records.data(), bounce, got);
  for (std::size_t at = 0; at < got;) at += check_record(records, at);
  return records;
}

Result<void> HostDirectory::read_all() {
  std::vector<DirectoryEntry> entries;
  for (;;) {
    const auto records = TRY(next_records(kBounceSize));
    if (records.empty()) break;
    for (std::size_t at = 0; at < records.size(); at += record_size(records.data() + at)) {
      DirectoryEntry entry;
      entry.name = reinterpret_cast<const char*>(records.data() + at + kNameOffset);
      std::memcpy(&entry.inode, records.data() + at, 8);
      entry.type = records[at + 18];
      const bool hidden =
          std::any_of(ours_.begin(), ours_.end(), [&](const auto& own) { return own.name == entry.name; });
      if (!hidden) entries.push_back(std::move(entry));
    }
  }
  entries.insert(entries.end(), ours_.begin(), ours_.end());
  const std::lock_guard guard(mutex_);
  all_ = std::move(entries);
  return {};
}

Result<std::vector<std::uint8_t>> HostDirectory::read_directory(std::size_t size) {
  if (ours_.empty()) return next_records(size);
  bool first;
  {
    const std::lock_guard guard(mutex_);
    first = all_.empty();
  }
  if (first) TRY(read_all());
  const std::lock_guard guard(mutex_);
  return list_entries(all_, position_, size);
}

Result<std::int64_t> HostDirectory::seek(std::int64_t offset, int whence) {
  if (ours_.empty()) {
    return quick_host_call(HostCall::lseek, host(), static_cast<std::uint64_t>(offset),
                           static_cast<std::uint64_t>(whence));
  }
  if (whence == SEEK_SET && offset == 0) TRY(quick_host_call(HostCall::lseek, host(), 0, SEEK_SET));
  const std::lock_guard guard(mutex_);
  position_ = TRY(position_after_seek(position_, offset, whence));
  if (position_ == 0) all_.clear();  // rewinddir looks again
  return static_cast<std::int64_t>(position_);
}
}  // namespace cloister::vfs
