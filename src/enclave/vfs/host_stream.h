// SPDX-License-Identifier: Apache-2.0
// A stream of the host: terminal, named pipe, character device, or whatever standard input is. Trusted, kernel storey.
#pragma once
#include "src/enclave/vfs/host_object.h"

namespace cloister::vfs {
class HostStream final : public HostObject {
 public:
  HostStream(std::shared_ptr<HostDescriptor> descriptor, const struct stat& status, std::uint32_t flags);

  Result<std::size_t> read(Task& task, const IoVector& to) override;
  Result<std::size_t> write(Task& task, const IoVector& from) override;
  Result<std::size_t> read_at(Task& task, const IoVector& to, std::uint64_t offset) override;
  Result<std::size_t> write_at(Task& task, const IoVector& from, std::uint64_t offset) override;
  Result<std::int64_t> seek(std::int64_t offset, int whence) override;
  Result<std::int64_t> control(Task& task, std::uint32_t request, ProgramAddress argument) override;
  Result<struct stat> status() override;
  std::uint32_t readiness() override;

 private:
  bool is_seekable() const { return character_device_; }
  const bool character_device_;
};
}  // namespace cloister::vfs
