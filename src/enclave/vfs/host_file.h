// SPDX-License-Identifier: Apache-2.0
// A regular file of the host, passed through: offset and O_APPEND are the host's. Trusted, kernel storey.
#pragma once
#include "src/enclave/vfs/host_object.h"
#include "src/enclave/vfs/shared_pages.h"

namespace cloister::vfs {
class HostFile final : public HostObject {
 public:
  HostFile(std::shared_ptr<HostDescriptor> descriptor, const struct stat& status, std::uint32_t flags);

  Result<std::size_t> read(Task& task, const IoVector& to) override;
  Result<std::size_t> write(Task& task, const IoVector& from) override;
  Result<std::size_t> read_at(Task& task, const IoVector& to, std::uint64_t offset) override;
  Result<std::size_t> write_at(Task& task, const IoVector& from, std::uint64_t offset) override;
  Result<std::int64_t> seek(std::int64_t offset, int whence) override;
  Result<void> truncate(std::uint64_t size) override;
  Result<void> allocate(int mode, std::uint64_t offset, std::uint64_t size) override;
  Result<std::shared_ptr<kernel::MappedFile>> map_file() override;
  Result<void> set_status_flags(std::uint32_t flags) override;

 private:
  kernel::FileKey identity_key();
};
}  // namespace cloister::vfs
