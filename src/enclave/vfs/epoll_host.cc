// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/vfs/epoll_host.h"
#include <fcntl.h>
#include <cerrno>
#include "src/enclave/core/host_call.h"
#include "src/enclave/vfs/epoll_member.h"
#include "src/enclave/vfs/host_calls.h"

namespace cloister::vfs {
using core::EpollEntry;
using core::EpollEvent;
using core::EpollTable;

EpollEntries::~EpollEntries() {
  for (auto& chunk : table_.chunks) delete[] chunk.load(std::memory_order_relaxed);
}

Result<std::uint32_t> EpollEntries::allocate() {
  if (!free_.empty()) {
    const std::uint32_t index = free_.back();
    free_.pop_back();
    return index;
  }
  if (next_ / EpollTable::kChunkSize >= EpollTable::kChunkCount) return Error::from_errno(ENOSPC);
  auto& chunk = table_.chunks[next_ / EpollTable::kChunkSize];
  if (chunk.load(std::memory_order_relaxed) == nullptr)
    chunk.store(new EpollEntry[EpollTable::kChunkSize], std::memory_order_release);
  return next_++;
}

std::uint64_t EpollEntries::publish(std::uint32_t index, const EpollMember& member) {
  withdraw(index);
  EpollEntry& entry = *table_.find(index);
  entry.data.store(member.data, std::memory_order_relaxed);
  entry.asked.store(member.asked, std::memory_order_relaxed);
  entry.prefetched.store(member.file.prefetched.load(std::memory_order_relaxed), std::memory_order_relaxed);
  entry.descriptor.store(member.descriptor, std::memory_order_relaxed);
  const std::uint32_t generation = entry.generation.load(std::memory_order_relaxed) + 1;
  entry.generation.store(generation, std::memory_order_release);
  return index | std::uint64_t{generation} << 32;
}

bool EpollEntries::is_in_use(std::uint32_t index) const {
  return table_.find(index)->generation.load(std::memory_order_acquire) % 2 != 0;
}

// The fast path may spend a one-shot entry at the same moment, which withdraws it as well.
void EpollEntries::withdraw(std::uint32_t index) {
  EpollEntry& entry = *table_.find(index);
  std::uint32_t generation = entry.generation.load(std::memory_order_relaxed);
  while (generation % 2 != 0 && !entry.generation.compare_exchange_weak(generation, generation + 1)) {
  }
  std::atomic_thread_fence(std::memory_order_seq_cst);
}

void EpollEntries::release(std::uint32_t index) {
  withdraw(index);
  free_.push_back(index);
}

Result<void> host_epoll_control(int epoll, int operation, int descriptor, std::uint32_t events, std::uint64_t token) {
  const EpollEvent event{events, token};
  const core::HostAddress host = core::bounce_buffer();
  core::copy_to_host(host, &event, sizeof event);
  const long result =
      core::host_call(HostCall::epoll_ctl, static_cast<std::uint64_t>(epoll), static_cast<std::uint64_t>(operation),
                      static_cast<std::uint64_t>(descriptor), host);
  if (result == -EEXIST || result == -ENOENT) core::host_lied(HostCall::epoll_ctl, "it does not know what it was told");
  if (result < 0) return Error::from_errno(static_cast<int>(-result));
  return {};
}

Result<int> duplicate_host_descriptor(int descriptor) {
  const auto copy =
      TRY(quick_host_call(HostCall::fcntl_duplicate, static_cast<std::uint64_t>(descriptor), F_DUPFD_CLOEXEC, 0));
  return static_cast<int>(copy);
}
}  // namespace cloister::vfs
