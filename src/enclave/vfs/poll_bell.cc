// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/vfs/poll_bell.h"
#include <sys/eventfd.h>
#include <mutex>
#include <vector>
#include "src/enclave/core/epoll_table.h"
#include "src/enclave/vfs/host_calls.h"

namespace cloister::vfs {
namespace {
std::mutex bell_mutex;
std::vector<int> pool;  // of the whole enclave: quiet host eventfds
}  // namespace

Result<PollBell> PollBell::borrow() {
  {
    const std::lock_guard guard(bell_mutex);
    if (!pool.empty()) {
      const int descriptor = pool.back();
      pool.pop_back();
      return PollBell(descriptor);
    }
  }
  return PollBell(static_cast<int>(TRY(quick_host_call(HostCall::eventfd2, 0, EFD_CLOEXEC | EFD_NONBLOCK))));
}

PollBell::PollBell(PollBell&& other) noexcept : host_descriptor_(std::exchange(other.host_descriptor_, -1)) {}

PollBell::~PollBell() {
  if (host_descriptor_ < 0) return;
  if (rung_.load(std::memory_order_acquire) != 0) quiet();
  const std::lock_guard guard(bell_mutex);
  pool.push_back(host_descriptor_);
}

// Host may: lose the ring. Then the wait lasts as long as the host wants, which it can have anyway.
void PollBell::ring() {
  if (rung_.exchange(1, std::memory_order_acq_rel) == 0) core::ring_host_eventfd(host_descriptor_);
}

// Whoever rings from now on finds rung_ == 0; whoever rang before made the file ready before we look.
void PollBell::quiet() {
  core::host_call(HostCall::read_of_bell, static_cast<std::uint64_t>(host_descriptor_), core::bounce_buffer(), 8);
  rung_.store(0, std::memory_order_seq_cst);
}
}  // namespace cloister::vfs
