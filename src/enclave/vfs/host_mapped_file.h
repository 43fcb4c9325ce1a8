// SPDX-License-Identifier: Apache-2.0
// Contents of a host file as mappings read them: unverified, so it exists only below insecure host paths. Trusted.
#pragma once
#include <atomic>
#include "src/enclave/kernel/address_space.h"
#include "src/enclave/vfs/host_object.h"
#include "src/enclave/vfs/shared_pages.h"

namespace cloister::vfs {
class HostMappedFile final : public kernel::MappedFile {
 public:
  enum class Writing : bool { refused, allowed };
  HostMappedFile(std::shared_ptr<HostDescriptor> descriptor, FileIdentity identity, std::string path, Writing writing)
      : descriptor_(std::move(descriptor)), identity_(identity), path_(std::move(path)), writing_(writing) {
    if (writing_ == Writing::allowed) ++descriptor_->page_writers;
  }
  ~HostMappedFile() override;
  Result<void> read_pages(std::uint64_t offset, void* to, std::size_t size) override;
  std::uint64_t size() const override;
  std::span<const std::uint8_t> plan() const override { return {}; }
  bool may_execute() const override { return true; }
  const std::string& path() const override { return path_; }
  bool is_known_to_host() const override { return true; }
  kernel::FileKey key() const override { return key_of(identity_); }
  bool can_write_pages() const override { return writing_ == Writing::allowed; }
  Result<void> write_pages(std::uint64_t offset, const void* from, std::size_t size) override;

 private:
  Result<void> read_all(std::uint64_t offset, void* to, std::size_t size);
  void say_unreadable(const Error& error) const;

  std::shared_ptr<HostDescriptor> descriptor_;
  const FileIdentity identity_;
  const std::string path_;
  const Writing writing_;
  mutable std::atomic<bool> was_said_{false};
};
}  // namespace cloister::vfs
