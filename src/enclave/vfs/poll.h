// SPDX-License-Identifier: Apache-2.0
// Waiting for the readiness of several files, of the host and of the enclave together: poll and select. Trusted, kernel
// storey.
#pragma once
#include <cstdint>
#include <vector>
#include "src/enclave/vfs/open_file.h"

namespace cloister::vfs {

struct PollItem {
  FileRef file;             // empty: `ready` is fixed beforehand (POLLNVAL, or 0 for what is not looked at)
  std::uint32_t asked = 0;  // POLL* bits; ERR and HUP are always reported
  std::uint32_t ready = 0;
};

// Waits until an item is ready, until CLOCK_MONOTONIC reaches `deadline` (0: only looks), or the task has work (EINTR).
// The number of items with `ready` set.
Result<std::size_t> poll_files(std::vector<PollItem>& items, std::uint64_t deadline);

// Does the host know the readiness of this file?
inline bool has_host_readiness(OpenFile& file) {
  return file.host_descriptor >= 0 &&
         (file.kind == core::FileKind::host_stream || file.kind == core::FileKind::host_epoll || file.is_socket());
}
// Which of `asked` (with ERR and HUP) hold for a host descriptor now. Uses the bounce buffer.
// Host may: claim events that nobody asked for (the enclave stops), or deny what holds.
std::uint32_t poll_host_now(int host_descriptor, std::uint32_t asked);
}  // namespace cloister::vfs
