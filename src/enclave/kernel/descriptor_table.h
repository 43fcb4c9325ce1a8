// SPDX-License-Identifier: Apache-2.0
// A process's file descriptors. The slots are core's (fast_read finds files there without a lock); changes take the
// mutex here.
#pragma once
#include <mutex>
#include <vector>
#include "src/enclave/vfs/open_file.h"

namespace cloister::kernel {
enum class CloseOnExec { no, yes };

class DescriptorTable {
 public:
  explicit DescriptorTable(std::uint32_t capacity = 1 << 16);
  ~DescriptorTable();
  core::DescriptorTable* core_table() { return &core_; }

  // Takes over the reference in `file`. The lowest free descriptor >= `minimum`; EMFILE above the soft limit.
  Result<int> install(vfs::FileRef file, CloseOnExec close_on_exec, int minimum = 0);
  // dup2/dup3: replaces what is there. EBADF for a target out of range.
  Result<int> install_at(vfs::FileRef file, int descriptor, CloseOnExec close_on_exec);
  Result<void> close(int descriptor);
  void close_all();
  // A reference of its own; EBADF.
  Result<vfs::FileRef> get(int descriptor);
  Result<CloseOnExec> close_on_exec(int descriptor);
  Result<void> set_close_on_exec(int descriptor, CloseOnExec value);
  // Open descriptors, ascending, for /proc/self/fd and close_range.
  std::vector<int> open_descriptors();
  void set_limit(std::uint32_t soft_limit);  // RLIMIT_NOFILE

 private:
  bool grow(std::uint32_t count);  // these three with the mutex held
  void mark(int descriptor, CloseOnExec value);
  bool is_open(int descriptor) const;

  std::mutex mutex_;
  core::DescriptorTable core_;
  std::uint32_t maximum_ = 0;                 // slots reserved
  std::vector<std::uint64_t> close_on_exec_;  // bitmap
  std::uint32_t limit_;
  int lowest_free_ = 0;
};
}  // namespace cloister::kernel
