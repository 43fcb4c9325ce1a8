// SPDX-License-Identifier: Apache-2.0
// Named pipes in enclave memory. Trusted, kernel storey.
#pragma once
#include "src/enclave/ipc/pipe.h"
#include "src/enclave/vfs/node_file.h"
#include "src/enclave/vfs/tmpfs.h"

namespace cloister::vfs {
class TmpfsFifo final : public TmpfsNode {
 public:
  using TmpfsNode::TmpfsNode;
  // Waits for the other side, unless `flags` say otherwise.
  Result<FileRef> open(Task& task, std::uint32_t flags) override;

 private:
  ipc::Pipe pipe_;
};
}  // namespace cloister::vfs
