// SPDX-License-Identifier: Apache-2.0
// A directory of a host mount, and the parsing of what the host lists (rules I-6, S-9). Trusted, kernel storey.
#pragma once
#include <mutex>
#include <span>
#include "src/enclave/vfs/host_object.h"

namespace cloister::vfs {
class HostDirectory final : public HostObject {
 public:
  // `ours` are entries of the enclave that lie in this directory; they hide the host's of the same name.
  HostDirectory(std::shared_ptr<HostDescriptor> descriptor, const struct stat& status, std::uint32_t flags,
                std::vector<DirectoryEntry> ours);
  Result<std::vector<std::uint8_t>> read_directory(std::size_t size) override;
  Result<std::int64_t> seek(std::int64_t offset, int whence) override;
  bool is_directory() const override { return true; }

 private:
  // A chunk of the host's listing: whole records, each checked.
  Result<std::vector<std::uint8_t>> next_records(std::size_t size);
  Result<void> read_all();

  // With entries of ours the listing is taken once and positions are ours; without, they are the host's.
  std::vector<DirectoryEntry> ours_;
  std::vector<DirectoryEntry> all_;
  std::mutex mutex_;  // guards all_ and position_
  std::size_t position_ = 0;
};

// Appends one linux_dirent64 record to `to` if `limit` bytes allow it.
bool append_directory_record(std::vector<std::uint8_t>& to, std::size_t limit, const DirectoryEntry& entry,
                             std::int64_t next);
// Appends as many of entries[position..] as fit; positions are indices. EINVAL when not even the first fits.
Result<std::vector<std::uint8_t>> list_entries(const std::vector<DirectoryEntry>& entries, std::size_t& position,
                                               std::size_t size);
// Where lseek(2) leads in such a listing; EINVAL for what lies before its beginning or beyond all numbers.
Result<std::size_t> position_after_seek(std::size_t position, std::int64_t offset, int whence);
}  // namespace cloister::vfs
