// SPDX-License-Identifier: Apache-2.0
// eventfd: a counter that never leaves the enclave. Trusted, kernel storey.
#pragma once
#include <mutex>
#include "src/enclave/vfs/open_file.h"

namespace cloister::ipc {
using kernel::IoVector;
using kernel::Task;

class EventCounter final : public vfs::OpenFile {
 public:
  enum class Take { all, one };  // one: EFD_SEMAPHORE
  EventCounter(std::uint64_t count, Take take, std::uint32_t flags);

  Result<std::size_t> read(Task& task, const IoVector& to) override;  // 8 bytes; EINVAL for less room
  Result<std::size_t> write(Task& task, const IoVector& from) override;
  Result<std::int64_t> seek(std::int64_t, int) override { return 0; }
  std::uint32_t readiness() override;
  kernel::WaitQueue* wait_queue() override { return &queue_; }

 private:
  const Take take_;
  std::mutex mutex_;
  std::uint64_t count_;
  kernel::WaitQueue queue_;
};
}  // namespace cloister::ipc
