// SPDX-License-Identifier: Apache-2.0
// Pipes that never leave the enclave. Trusted, kernel storey.
#pragma once
#include <memory>
#include <mutex>
#include <utility>
#include "src/enclave/ipc/byte_ring.h"
#include "src/enclave/vfs/open_file.h"

namespace cloister::ipc {
using kernel::IoVector;
using kernel::ProgramAddress;
using kernel::Task;

struct PipeState {
  std::mutex mutex;  // guards what follows; held while program memory is copied, as Linux's pipe mutex
  ByteRing ring{64 << 10};
  bool has_reader = true, has_writer = true;
  kernel::WaitQueue readable, writable;
};

class PipeEnd final : public vfs::OpenFile {
 public:
  // Read end, write end.
  static std::pair<vfs::FileRef, vfs::FileRef> create(std::uint32_t flags);

  Result<std::size_t> read(Task& task, const IoVector& to) override;
  Result<std::size_t> write(Task& task, const IoVector& from) override;
  Result<struct stat> status() override;
  Result<std::int64_t> control(Task& task, std::uint32_t request, ProgramAddress argument) override;
  Result<std::int64_t> set_pipe_capacity(std::uint64_t bytes) override;
  Result<std::int64_t> pipe_capacity() override;
  std::uint32_t readiness() override;
  kernel::WaitQueue* wait_queue() override { return readable ? &state_->readable : &state_->writable; }
  void last_close() override;

 private:
  enum class End { read, write };
  PipeEnd(std::shared_ptr<PipeState> state, End end, std::uint32_t flags);

  const std::shared_ptr<PipeState> state_;
};
}  // namespace cloister::ipc
