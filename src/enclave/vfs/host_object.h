// SPDX-License-Identifier: Apache-2.0
// What all open files of the host have in common: a host descriptor and the calls that work on any. Trusted, kernel
// storey.
#pragma once
#include <atomic>
#include <memory>
#include "src/enclave/vfs/host_calls.h"
#include "src/enclave/vfs/open_file.h"

namespace cloister::vfs {

// Owns a host descriptor; open files and mappings share it.
class HostDescriptor {
 public:
  explicit HostDescriptor(int number) : number_(number) {}
  ~HostDescriptor() {
    if (may_close_later_)
      close_host_descriptor_later(number_);
    else
      (void)close_host_descriptor(number_);
  }
  // Nobody outside can tell when it is closed, as long as it is before anything else that leaves.
  void allow_late_close() { may_close_later_ = true; }
  void forbid_late_close() { may_close_later_ = false; }
  HostDescriptor(const HostDescriptor&) = delete;
  HostDescriptor& operator=(const HostDescriptor&) = delete;
  int number() const { return number_; }
  // Mappings whose pages are written through it.
  std::atomic<unsigned> page_writers{0};

 private:
  const int number_;
  bool may_close_later_ = false;
};

class HostObject : public OpenFile {
 public:
  // `flags` are those of open(2); `status` is what fstat said when it was opened.
  HostObject(std::shared_ptr<HostDescriptor> descriptor, const struct stat& status, std::uint32_t flags);

  Result<struct stat> status() override;
  Result<struct statfs> filesystem_status() override;
  Result<void> synchronise(bool data_only) override;
  Result<void> set_status_flags(std::uint32_t flags) override;
  Result<void> change_mode(std::uint32_t mode) override;
  Result<void> change_owner(std::uint32_t user, std::uint32_t group) override;
  Result<void> set_times(const struct timespec times[2]) override;
  Result<FileIdentity> identity() override { return identity_; }
  void last_close() override;

 protected:
  std::uint64_t host() const { return static_cast<std::uint64_t>(host_descriptor); }
  const std::shared_ptr<HostDescriptor>& descriptor() const { return descriptor_; }

 private:
  std::shared_ptr<HostDescriptor> descriptor_;
  const std::uint32_t type_;  // S_IFMT bits
  const FileIdentity identity_;
};

// Data between the bounce buffer and `memory`, one host call after the other as long as each transfers all it was asked
// for. A signal interrupts what a stream does, never what a regular file does. `advance` is how far the offset argument
// moves per byte: 1 for pread64 and pwrite64, 0 for read and write.
enum class Advance : std::uint64_t { no = 0, yes = 1 };
enum class Interruptible { no, yes };
Result<std::size_t> transfer_in(HostCall call, std::uint64_t host, const IoVector& to, std::uint64_t offset,
                                Advance advance, Interruptible interruptible);
Result<std::size_t> transfer_out(HostCall call, std::uint64_t host, const IoVector& from, std::uint64_t offset,
                                 Advance advance, Interruptible interruptible);
}  // namespace cloister::vfs
