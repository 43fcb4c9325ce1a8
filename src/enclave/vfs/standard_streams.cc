// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/vfs/standard_streams.h"
#include "src/enclave/kernel/process.h"
#include "src/enclave/vfs/host_open.h"

namespace cloister::vfs {

Result<void> open_standard_streams(kernel::Process& process) {
  for (int number = 0; number < 3; ++number)
    TRY(process.descriptors.install_at(TRY(adopt_standard_stream(number)), number, kernel::CloseOnExec::no));
  return {};
}
}  // namespace cloister::vfs
