// SPDX-License-Identifier: Apache-2.0
// For tests on the host: the core's page functions over ordinary memory, so that loads, stores and jumps of the test
// are real and their faults are resolved by the address space under test.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>
#include "src/enclave/kernel/address_space.h"

namespace cloister::testing {
using kernel::AddressSpace;
using kernel::FaultResult;

struct HostCallCounts {
  unsigned augment = 0, protect = 0, remove = 0;
  unsigned all() const { return augment + protect + remove; }
};
HostCallCounts& host_calls();
std::string& printed();  // what print_to_host got
void set_page_limit_for_test(std::uint64_t pages);
std::uint64_t pages_committed();

// A range of this process's addresses for the program under test; PROT_NONE where nothing is committed.
class Arena {
 public:
  // At `address` if that is free, anywhere when it is 0.
  explicit Arena(std::uint64_t size, std::uint64_t address = 0);
  ~Arena();
  Arena(const Arena&) = delete;
  bool is_valid() const { return base_ != 0; }
  std::uint64_t base() const { return base_; }
  std::uint64_t size() const { return size_; }
  AddressSpace::Options options() const;

 private:
  std::uint64_t base_, size_;
};

// Runs `action`; faults in the program's range go to `space`. The first result that is not `resolved` ends the action
// and is returned.
FaultResult with_faults(AddressSpace& space, const std::function<void()>& action);
unsigned faults_taken();  // by the last with_faults

class MemoryFile final : public kernel::MappedFile {
 public:
  explicit MemoryFile(std::vector<std::uint8_t> contents, std::string name = "/test/file")
      : bytes(std::move(contents)), name_(std::move(name)) {}
  Result<void> read_pages(std::uint64_t offset, void* to, std::size_t size) override;
  std::uint64_t size() const override { return bytes.size(); }
  std::span<const std::uint8_t> plan() const override { return encoded_plan; }
  bool may_execute() const override { return executable; }
  const std::string& path() const override { return name_; }
  kernel::FileKey key() const override { return {1, reinterpret_cast<std::uint64_t>(this)}; }
  bool can_write_pages() const override { return writable; }
  Result<void> write_pages(std::uint64_t offset, const void* from, std::size_t size) override;

  std::vector<std::uint8_t> bytes, encoded_plan;
  bool executable = true, writable = false, broken = false;
  unsigned reads = 0, writes = 0;
  std::uint64_t bytes_read = 0;

 private:
  std::string name_;
};
}  // namespace cloister::testing
